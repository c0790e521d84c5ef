// Workspaces, their channels, and the person at this browser.
import { nextTick } from "vue";
import { Icon } from "/assets/icons.js";

export const Sidebar = {
  components: { Icon },
  props: { workspaces: Array, workspace: String, channel: String, unread: Object, person: Object, theme: String,
    isAdmin: Boolean },
  emits: ["open", "switch", "rename", "theme", "close"],
  data: () => ({ editing: false, name: "" }),
  computed: {
    current() {
      return this.workspaces.find((each) => each.id === this.workspace);
    },
    themeLabel() {
      return { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }[this.theme];
    },
  },
  methods: {
    edit() {
      this.name = this.person.name;
      this.editing = true;
      nextTick(() => this.$refs.name.select());
    },
    done() {
      if (this.editing && this.name.trim() && this.name !== this.person.name) this.$emit("rename", this.name);
      this.editing = false;
    },
    unreadElsewhere(workspace) {
      return Object.keys(this.unread).some((place) => place.startsWith(workspace + "/"));
    },
  },
  template: `
    <div class="sidebar-inner">
      <div class="workspace">
        <img src="/assets/icon.svg" alt="" width="28" height="28">
        <div v-if="workspaces.length > 1" class="switcher">
          <select :value="workspace" aria-label="Workspace" @change="$emit('switch', $event.target.value)">
            <option v-for="each in workspaces" :key="each.id"
              :value="each.id">{{ each.name }}{{ each.id !== workspace && unreadElsewhere(each.id) ? ' •' : '' }}</option>
          </select>
          <Icon name="down" />
        </div>
        <strong v-else>{{ current.name }}</strong>
        <button type="button" class="icon-button close-drawer" aria-label="Close the list of channels"
          @click="$emit('close')"><Icon name="close" /></button>
      </div>
      <nav class="channels" aria-label="Channels">
        <template v-for="direct in [false, true]" :key="direct">
          <h2
            v-if="current.channels.some((each) => each.direct === direct)">{{ direct ? 'Direct messages' : 'Channels' }}</h2>
          <ul>
            <li v-for="each in current.channels.filter((each) => each.direct === direct)" :key="each.id">
              <button type="button" :class="{ unread: unread[workspace + '/' + each.id] }"
                :aria-current="each.id === channel ? 'page' : null" @click="$emit('open', workspace, each.id)">
                <img v-if="direct" src="/assets/icon.svg" alt="" width="18" height="18"><span v-else class="hash"
                  aria-hidden="true">#</span>
                <span class="name">{{ each.name }}</span>
                <span v-if="unread[workspace + '/' + each.id]" class="dot"><span
                  class="sr-only">new messages</span></span>
              </button>
            </li>
          </ul>
        </template>
      </nav>
      <div class="me">
        <span :class="['avatar', 'small', 'hue-' + person.hue]" aria-hidden="true">{{ person.initials }}</span>
        <input v-if="editing" ref="name" v-model="name" class="name-input" maxlength="40" aria-label="Your name"
          @keydown.enter="done" @keydown.esc.stop="editing = false" @blur="done">
        <button v-else type="button" class="my-name" title="Change your name" @click="edit"><span
          class="sr-only">Your name: </span>{{ person.name }}<Icon name="pencil" /></button>
        <span v-if="isAdmin" class="badge" title="You can change settings of the whole workspace">Admin</span>
        <button type="button" class="icon-button" :aria-label="themeLabel" :title="themeLabel"
          @click="$emit('theme')"><Icon :name="theme" /></button>
      </div>
    </div>`,
};
