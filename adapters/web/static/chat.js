// The whole page: what the server tells is kept here, what the person does is emitted from here.
import { nextTick } from "vue";
import { Composer } from "/assets/composer.js";
import { ContextPanel } from "/assets/context.js";
import { remember } from "/assets/dom.js";
import { Icon, Icons } from "/assets/icons.js";
import { Message, MessageList } from "/assets/message.js";
import { Sidebar } from "/assets/sidebar.js";

const THEMES = ["system", "light", "dark"];
let notes = 0;

const emptyThread = (id) => ({ id, root: null, messages: [], more: false, loaded: false });

export default {
  components: { Composer, ContextPanel, Icon, Icons, Message, MessageList, Sidebar },
  props: { config: Object },
  emits: ["act"],
  data() {
    const { workspace, channel, person, theme } = this.config;
    const history = { messages: [], more: false, loaded: false, thread: null, notes: [] };
    const here = { drawer: false, context: null, trouble: "", spoken: "" };
    return { workspace, channel, person, theme, ...history, ...here, unread: {} };
  },
  computed: {
    current() {
      return this.find(this.workspace, this.channel);
    },
    title() {
      return (this.current.direct ? "" : "#") + this.current.name;
    },
    placeholder() {
      return this.current.direct ? "Ask Seedling anything" : `Message #${this.current.name}, mention @seedling to ask`;
    },
    channelStreaming() {
      return this.messages.some((message) => message.answer?.streaming);
    },
    threadStreaming() {
      return this.thread?.messages.some((message) => message.answer?.streaming) ?? false;
    },
  },
  mounted() {
    document.addEventListener("keydown", this.onKey);
    window.addEventListener("popstate", this.onPop);
    this.show(this.workspace, this.channel, this.config.thread, "replace");
  },
  beforeUnmount() {
    document.removeEventListener("keydown", this.onKey);
    window.removeEventListener("popstate", this.onPop);
  },
  methods: {
    act(name, values = {}) {
      this.$emit("act", { do: name, ...values });
    },
    find(workspace, channel) {
      return this.config.workspaces.find((each) => each.id === workspace)?.channels.find((each) => each.id === channel);
    },
    // ---------------------------------------------------------------- going somewhere
    show(workspace, channel, thread, history = "push") {
      const moved = workspace !== this.workspace || channel !== this.channel || !this.loaded;
      this.workspace = workspace;
      this.channel = channel;
      this.drawer = false;
      if (moved || this.context?.thread !== thread) this.context = null;
      delete this.unread[workspace + "/" + channel];
      if (moved) {
        Object.assign(this, { messages: [], more: false, loaded: false, notes: [], trouble: "" });
        this.act("open", { workspace, channel });
        remember("place", [workspace, channel].map(encodeURIComponent).join("/"));
      }
      if (thread !== (this.thread?.id ?? "") || moved) {
        this.thread = thread ? emptyThread(thread) : null;
        if (thread || !moved) this.act("thread", { thread });
      }
      document.title = `${this.title} · Seedling`;
      const path = "/" + ["c", workspace, channel, ...(thread ? [thread] : [])].map(encodeURIComponent).join("/");
      if (history === "push" && location.pathname !== path) window.history.pushState(null, "", path);
      else if (history === "replace") window.history.replaceState(null, "", path);
    },
    openChannel(workspace, channel) {
      this.show(workspace, channel, "");
      this.focusOn("composer");
    },
    switchTo(workspace) {
      const channels = this.config.workspaces.find((each) => each.id === workspace).channels;
      if (channels.length) this.openChannel(workspace, (channels.find((each) => each.id === "general") ?? channels[0]).id);
    },
    openThread(id, { focus = true } = {}) {
      this.show(this.workspace, this.channel, id);
      if (focus) this.focusOn("threadComposer");
    },
    /** Go on writing there; on a touch screen that would only raise the keyboard. */
    focusOn(composer) {
      if (matchMedia("(pointer: fine)").matches) nextTick(() => this.$refs[composer]?.focus());
    },
    closeThread() {
      const id = this.thread?.id;
      this.show(this.workspace, this.channel, "");
      nextTick(() => {
        const replies = document.querySelector(`.main [data-id="${CSS.escape(id ?? "")}"] .replies`);
        if (replies) replies.focus();
        else this.focusOn("composer");
      });
    },
    // ---------------------------------------------------------------- the panel of what was sent
    toggleContext(thread) {
      if (this.context) return this.closeContext();
      this.context = { thread, shown: null, trouble: "" };
      this.askContext();
    },
    askContext() {
      this.act("context", { thread: this.context.thread, token: "context" });
    },
    closeContext() {
      const pane = this.context.thread ? ".thread" : ".main";
      this.context = null;
      nextTick(() => document.querySelector(pane + " .open-context")?.focus());
    },
    on_context({ thread, context, ...place }) {
      if (this.here(place) && this.context?.thread === thread) Object.assign(this.context, { shown: context, trouble: "" });
    },
    onPop() {
      const [, , workspace, channel, thread = ""] = location.pathname.split("/").map(decodeURIComponent);
      if (this.find(workspace, channel)) this.show(workspace, channel, thread, "none");
    },
    onKey(event) {
      if (event.key === "Escape" && !event.defaultPrevented) {
        if (this.drawer) this.drawer = false;
        else if (this.context) this.closeContext();
        else if (this.thread) this.closeThread();
      }
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        this.step(event.key === "ArrowDown" ? 1 : -1);
      }
    },
    step(by) {
      const channels = this.config.workspaces.find((each) => each.id === this.workspace).channels;
      const index = channels.findIndex((each) => each.id === this.channel);
      this.openChannel(this.workspace, channels[(index + by + channels.length) % channels.length].id);
    },
    // ---------------------------------------------------------------- what the server tells
    receive(event) {
      this["on_" + event.type]?.(event);
    },
    here(event) {
      return event.workspace === this.workspace && event.channel === this.channel;
    },
    on_channel(event) {
      if (!this.here(event)) return;
      Object.assign(this, { messages: event.messages, more: event.more, loaded: true });
      nextTick(() => this.$refs.list?.toEnd());
    },
    on_thread(event) {
      if (!this.thread || event.thread !== this.thread.id) return;
      Object.assign(this.thread, { root: event.root, messages: event.messages, more: event.more, loaded: true });
      nextTick(() => this.$refs.threadList?.toEnd());
    },
    on_earlier(event) {
      if (!this.here(event)) return;
      const target = event.thread ? this.thread : this;
      const list = event.thread ? this.$refs.threadList : this.$refs.list;
      if (!target || (event.thread && target.id !== event.thread)) return;
      list.keepPlace(() => {
        const known = new Set(target.messages.map((each) => each.id));
        target.messages = [...event.messages.filter((each) => !known.has(each.id)), ...target.messages];
        target.more = event.more;
      });
    },
    on_message({ channel, message }) {
      if (channel !== this.channel) return;
      if (message.answer && !message.answer.streaming && this.context?.thread === message.thread) this.askContext();
      if (message.thread) {
        const shown = this.thread?.id === message.thread && this.thread.loaded;
        if (shown) this.put(this.thread.messages, message, this.$refs.threadList);
      } else {
        if (this.thread?.id === message.id && this.thread.root) this.thread.root = message;
        if (this.loaded) this.put(this.messages, message, this.$refs.list);
      }
    },
    put(messages, message, list) {
      const index = messages.findLastIndex((each) => each.id === message.id);
      if (index >= 0) {
        const ended = messages[index].answer?.streaming && !message.answer?.streaming;
        messages[index] = message;
        if (ended) this.announce(message);
        return;
      }
      const after = messages.findLastIndex((each) => each.at <= message.at);
      if (after < 0 && messages.length) return; // older than what is loaded: it comes with its page
      messages.splice(after + 1, 0, message);
      list?.noteFresh();
    },
    announce(message) {
      const text = new DOMParser().parseFromString(message.html, "text/html").body.textContent;
      this.spoken = `${message.author}: ${message.answer.statusText} ${text.slice(0, 500)}`;
    },
    on_answering({ channel, thread }) {
      if (channel === this.channel && this.thread?.id !== thread) this.openThread(thread, { focus: false });
    },
    on_unread({ workspace, channel }) {
      this.unread[workspace + "/" + channel] = true;
    },
    on_note({ kind, thread, html }) {
      this.notes.push({ id: ++notes, kind, thread, html });
      const list = thread ? this.$refs.threadList : this.$refs.list;
      nextTick(() => list?.toEnd());
    },
    on_sent({ token }) {
      this.composers().forEach((composer) => composer.sent(token));
    },
    on_kept({ token }) {
      this.composers().forEach((composer) => composer.kept(token));
    },
    on_failed({ token, text }) {
      if (token === "context") Object.assign(this.context ?? {}, { trouble: text });
      else if (token) this.composers().forEach((composer) => composer.kept(token, text));
      else this.trouble = text;
    },
    on_choices({ token, text, choices }) {
      const composer = token === "thread" ? this.$refs.threadComposer : this.$refs.composer;
      composer?.offer(text, choices);
    },
    on_person({ person }) {
      this.person = person;
      remember("name", person.name);
    },
    composers() {
      return [this.$refs.composer, this.$refs.threadComposer].filter(Boolean);
    },
    // ---------------------------------------------------------------- what the person does
    send({ text, token }, thread = "") {
      this.notes = this.notes.filter((note) => note.thread !== thread);
      (thread ? this.$refs.threadList : this.$refs.list)?.toEnd();
      this.act("send", { text, token, thread });
    },
    goOn(message, how) {
      this.notes = this.notes.filter((note) => note.thread !== message.thread);
      this.act("again", { id: message.id, how, thread: message.thread });
    },
    remove(message) {
      this.act("delete", { id: message.id, thread: message.thread });
    },
    dismiss(id) {
      this.notes = this.notes.filter((note) => note.id !== id);
    },
    setTheme() {
      this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
      document.documentElement.dataset.theme = this.theme;
      remember("theme", this.theme);
    },
    again() {
      this.loaded = false;
      this.show(this.workspace, this.channel, this.thread?.id ?? "", "none");
    },
  },
  template: `
    <div :class="['chat', { 'with-thread': thread, 'with-drawer': drawer }]">
      <Icons />
      <a class="skip" href="#compose" @click.prevent="$refs.composer.focus()">Skip to writing</a>
      <div class="backdrop" @click="drawer = false"></div>
      <aside class="sidebar" aria-label="Channels and you">
        <Sidebar :workspaces="config.workspaces" :workspace="workspace" :channel="channel" :unread="unread"
          :person="person" :theme="theme" :is-admin="config.is_admin"
          @open="openChannel" @switch="switchTo" @rename="act('rename', { name: $event })" @theme="setTheme"
          @close="drawer = false" />
      </aside>
      <main class="main" :aria-label="title">
        <header class="bar">
          <button type="button" class="icon-button open-drawer" aria-label="Channels"
            :aria-expanded="drawer ? 'true' : 'false'" @click="drawer = true"><Icon name="menu" /></button>
          <h1><span v-if="!current.direct" class="hash" aria-hidden="true">#</span>{{ current.name }}</h1>
          <p class="topic">{{ current.topic }}</p>
          <button v-if="current.direct" type="button" class="icon-button open-context" aria-label="Context"
            title="What is sent to the model" :aria-expanded="context ? 'true' : 'false'"
            @click="toggleContext('')"><Icon name="bars" /></button>
          <span class="model" title="The model that answers">{{ config.model }}</span>
        </header>
        <p v-if="config.notice" class="notice-bar" role="note">{{ config.notice }}</p>
        <p v-if="trouble" class="trouble" role="alert">
          {{ trouble }} <button type="button" @click="again">Try again</button>
        </p>
        <ContextPanel v-if="context && !context.thread" :context="context.shown" :trouble="context.trouble"
          @close="closeContext" @again="askContext" />
        <MessageList ref="list" :key="workspace + '/' + channel" :messages="messages"
          :notes="notes.filter((note) => !note.thread)" :more="more" :threadable="!current.direct"
          :thread="thread?.id" :label="'Messages in ' + title" @open-thread="openThread"
          @earlier="act('earlier', { thread: '', before: $event })" @dismiss="dismiss" @again="goOn"
          :me="person.id" @delete="remove">
          <template #top>
            <div v-if="loaded && !more" class="beginning">
              <h2>{{ title }}</h2>
              <p>{{ messages.length ? 'This is the beginning.' : 'Nothing has been said here yet.' }}</p>
            </div>
          </template>
        </MessageList>
        <Composer id="compose" ref="composer" :place="workspace + '/' + channel" :placeholder="placeholder"
          :label="'Message ' + title" :limit="config.limit" :streaming="channelStreaming"
          @send="send($event)" @stop="act('stop', { thread: '' })"
          @complete="act('complete', { token: 'channel', text: $event })" />
      </main>
      <aside v-if="thread" class="thread" aria-label="Thread">
        <header class="bar">
          <button type="button" class="icon-button back" aria-label="Back to the channel" @click="closeThread">
            <Icon name="back" />
          </button>
          <h2>Thread</h2><p class="topic">{{ title }}</p>
          <button type="button" class="icon-button open-context" aria-label="Context"
            title="What is sent to the model" :aria-expanded="context ? 'true' : 'false'"
            @click="toggleContext(thread.id)"><Icon name="bars" /></button>
          <button type="button" class="icon-button close-thread" aria-label="Close thread" title="Close (Esc)"
            @click="closeThread"><Icon name="close" /></button>
        </header>
        <ContextPanel v-if="context?.thread === thread.id" :context="context.shown" :trouble="context.trouble"
          @close="closeContext" @again="askContext" />
        <MessageList ref="threadList" :key="thread.id" :messages="thread.messages"
          :notes="notes.filter((note) => note.thread === thread.id)" :more="thread.more"
          :since="thread.root?.at" label="Messages in this thread"
          @earlier="act('earlier', { thread: thread.id, before: $event })" @dismiss="dismiss" @again="goOn"
          :me="person.id" @delete="remove">
          <template #top>
            <div v-if="thread.root" class="root"><Message :message="thread.root" :me="person.id" @delete="remove" /></div>
            <p v-else-if="thread.loaded" class="beginning">This thread is not here any more.</p>
            <div v-if="thread.root && thread.messages.length" class="day thread-count" role="separator">
              <span>{{ thread.root.replies === 1 ? '1 reply' : thread.root.replies + ' replies' }}</span>
            </div>
          </template>
        </MessageList>
        <Composer ref="threadComposer" :place="workspace + '/' + channel + '/' + thread.id"
          placeholder="Reply, or ask more" label="Reply in thread" :limit="config.limit" :streaming="threadStreaming"
          @send="send($event, thread.id)" @stop="act('stop', { thread: thread.id })"
          @complete="act('complete', { token: 'thread', text: $event })" />
      </aside>
      <div class="sr-only" aria-live="polite">{{ spoken }}</div>
    </div>`,
};
