// Where people write: Enter sends, Shift+Enter makes a line, "/" and "@" complete.
import { nextTick } from "vue";
import { newToken } from "/assets/dom.js";
import { Icon } from "/assets/icons.js";

export const Composer = {
  components: { Icon },
  props: { place: String, placeholder: String, label: String, limit: Number, streaming: Boolean },
  emits: ["send", "stop", "complete"],
  data: () => ({ text: "", token: "", waiting: false, error: "", choices: [], chosen: 0, asked: "", files: [] }),
  watch: {
    place: { immediate: true, handler: "restore" },
  },
  mounted() {
    this.resize();
  },
  computed: {
    listId() {
      return "choices-" + this.label.replace(/\W+/g, "-");
    },
  },
  methods: {
    // What is half written in each place survives a reload.
    restore() {
      this.text = sessionStorage.getItem("draft:" + this.place) ?? "";
      this.token = newToken();
      this.waiting = false;
      this.error = "";
      this.choices = [];
      this.files = [];
      nextTick(this.resize);
    },
    changed() {
      this.token = newToken();
      this.error = "";
      this.save();
      this.resize();
      this.suggest();
    },
    save() {
      if (this.text) sessionStorage.setItem("draft:" + this.place, this.text);
      else sessionStorage.removeItem("draft:" + this.place);
    },
    resize() {
      const area = this.$refs.area;
      if (!area) return;
      area.style.height = "auto";
      area.style.height = Math.min(area.scrollHeight, window.innerHeight * 0.4) + "px";
    },
    focus() {
      this.$refs.area.focus();
    },
    insert(text) {
      this.text = text;
      this.changed();
      nextTick(() => {
        this.focus();
        this.$refs.area.setSelectionRange(text.length, text.length);
        this.resize();
      });
    },
    // ---- completion
    suggest() {
      const atEnd = this.$refs.area.selectionStart === this.text.length;
      if (!atEnd || !/^[/!]|(^|\s)@\w*$/.test(this.text) || this.text.includes("\n")) {
        this.choices = [];
        return;
      }
      this.asked = this.text;
      this.$emit("complete", this.text);
    },
    offer(text, choices) {
      if (text !== this.text) return;
      this.choices = choices.filter((choice) => choice.insert.trimEnd() !== text);
      this.chosen = 0;
    },
    choose(index) {
      this.insert(this.choices[index].insert);
    },
    move(step) {
      this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
      nextTick(() => this.$refs.choices?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }));
    },
    onKey(event) {
      if (event.isComposing) return;
      if (this.choices.length && this.onChoiceKey(event)) {
        event.preventDefault();
        event.stopPropagation();
      } else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.send();
      }
    },
    onChoiceKey(event) {
      if (event.key === "ArrowDown") this.move(1);
      else if (event.key === "ArrowUp") this.move(-1);
      else if (event.key === "Escape") this.choices = [];
      else if (event.key === "Tab" && !event.shiftKey) this.choose(this.chosen);
      else if (event.key === "Enter" && !event.shiftKey) this.choose(this.chosen);
      else return false;
      return true;
    },
    // ---- sending
    send() {
      if (!this.text.trim() || this.waiting) return;
      this.waiting = true;
      this.error = "";
      this.choices = [];
      this.$emit("send", { text: this.text, token: this.token });
    },
    sent(token) {
      if (token !== this.token) return;
      this.text = "";
      this.files = [];
      this.save();
      this.token = newToken();
      this.waiting = false;
      nextTick(this.resize);
    },
    kept(token, error) {
      if (token !== this.token) return;
      this.waiting = false;
      this.error = error ?? "";
    },
    // ---- files
    refuse(list) {
      this.files = [...list].map((file) => file.name || "file");
    },
    onPaste(event) {
      if (event.clipboardData?.files.length) {
        event.preventDefault();
        this.refuse(event.clipboardData.files);
      }
    },
  },
  template: `
    <form class="composer" @submit.prevent="send" @dragover.prevent @drop.prevent="refuse($event.dataTransfer.files)">
      <ul v-if="choices.length" ref="choices" :id="listId" class="choices" role="listbox" aria-label="Suggestions">
        <li v-for="(choice, index) in choices" :key="choice.insert" :id="listId + index" role="option"
          :aria-selected="index === chosen ? 'true' : 'false'"
          @mousedown.prevent="choose(index)" @mousemove="chosen = index">
          <b>{{ choice.label }}</b><span>{{ choice.help }}</span>
        </li>
      </ul>
      <p v-if="error" class="composer-error" role="alert">{{ error }}</p>
      <p v-for="name in files" :key="name" class="composer-file" role="status">
        <Icon name="clip" /><b>{{ name }}</b> was not added: files are not supported yet.
        <button type="button" aria-label="Dismiss" @click="files = files.filter((each) => each !== name)">
          <Icon name="close" />
        </button>
      </p>
      <div class="box">
        <textarea ref="area" v-model="text" rows="1" :maxlength="limit" :placeholder="placeholder" :aria-label="label"
          :readonly="waiting"
          role="combobox" aria-autocomplete="list" :aria-expanded="choices.length ? 'true' : 'false'" :aria-controls="listId"
          :aria-activedescendant="choices.length ? listId + chosen : null"
          @input="changed" @keydown="onKey" @paste="onPaste" @blur="choices = []"></textarea>
        <div class="tools">
          <button type="button" class="tool" aria-label="Attach a file" title="Attach a file"
            @click="$refs.file.click()"><Icon name="clip" /></button>
          <input ref="file" type="file" multiple hidden @change="refuse($event.target.files); $event.target.value = ''">
          <button type="button" class="tool slash" aria-label="Commands" title="Commands"
            @click="insert('/')">/</button>
          <span class="hint"><kbd>Enter</kbd> to send, <kbd>Shift</kbd>+<kbd>Enter</kbd> for a new line</span>
          <button v-if="streaming" type="button" class="stop" @click="$emit('stop')"><Icon name="stop" />Stop</button>
          <button type="submit" class="send" aria-label="Send" title="Send" :disabled="!text.trim() || waiting">
            <Icon name="send" />
          </button>
        </div>
      </div>
    </form>`,
};
