// One message, and the list of them.
import { nextTick } from "vue";
import { copyCode, dayKey, dayOf, fullTimeOf, timeOf, vMorph } from "/assets/dom.js";
import { Icon } from "/assets/icons.js";

const GROUP_MS = 5 * 60 * 1000;
const NEAR_PX = 80;
const EARLIER_PX = 240;

const WAYS = {
  retry: { label: "Retry", help: "Ask the same again" },
  regenerate: { label: "Regenerate", help: "Answer once more, in another way" },
  continue: { label: "Continue", help: "Go on where it ends" },
};

const Answer = {
  components: { Icon },
  props: { answer: Object },
  emits: ["again"],
  data: () => ({ WAYS }),
  template: `
    <div class="answer-foot">
      <p v-for="notice in answer.notices" :key="notice" class="notice"><Icon :name="answer.status === 'failed' ? 'alert' : 'info'"
        />{{ notice }}</p>
      <nav v-if="answer.sources.length" class="sources" aria-label="Sources">
        <a v-for="(source, index) in answer.sources" :key="source.url" :href="source.url" target="_blank"
          rel="noopener noreferrer">
          <b>{{ index + 1 }}</b>{{ source.title }}
        </a>
      </nav>
      <div v-if="answer.statusText || answer.footer.length || answer.streaming" class="small-print dotted">
        <span v-if="answer.streaming" class="pulse" aria-hidden="true"><i></i><i></i><i></i></span>
        <span v-if="answer.statusText" :class="['status', answer.status]">{{ answer.statusText }}</span>
        <span v-for="part in answer.footer" :key="part" class="part">{{ part }}</span>
      </div>
      <details v-if="answer.paidFor" class="fold paid-for">
        <summary><Icon name="down" />What it is paid for</summary>
        <p>At list prices: {{ answer.paidFor }}.</p>
      </details>
      <div v-if="answer.again.length" class="ways-on">
        <button v-for="way in answer.again" :key="way" type="button" :class="way" :title="WAYS[way].help"
          @click="$emit('again', way)"><Icon :name="way" />{{ WAYS[way].label }}</button>
      </div>
    </div>`,
};

export const Message = {
  components: { Answer, Icon },
  directives: { morph: vMorph },
  props: { message: Object, compact: Boolean, threadable: Boolean, active: Boolean, me: String },
  emits: ["open-thread", "again", "delete"],
  methods: {
    timeOf,
    fullTimeOf,
    repliesText() {
      return this.message.replies === 1 ? "1 reply" : this.message.replies + " replies";
    },
    lastReply() {
      const at = this.message.lastReplyAt;
      if (!at) return "";
      const day = dayOf(at);
      return day === "Today" ? "last at " + timeOf(at) : "last " + (day === "Yesterday" ? "yesterday" : day);
    },
  },
  template: `
    <article :class="['message', { compact, active, bot: message.bot, failed: message.answer?.status === 'failed' }]"
      :data-id="message.id">
      <div class="gutter">
        <time v-if="compact" :datetime="message.at" :title="fullTimeOf(message.at)">{{ timeOf(message.at) }}</time>
        <img v-else-if="message.authorId === 'seedling'" class="avatar" src="/assets/icon.svg" alt="">
        <span v-else :class="['avatar', 'hue-' + message.hue]" aria-hidden="true">{{ message.initials }}</span>
      </div>
      <div class="content">
        <header :class="{ 'sr-only': compact }">
          <span class="author">{{ message.author }}</span>
          <span v-if="message.bot" class="badge">Bot</span>
          <time :datetime="message.at" :title="fullTimeOf(message.at)">{{ timeOf(message.at) }}</time>
        </header>
        <details v-if="message.answer?.reasoning" class="fold reasoning">
          <summary><Icon name="down" />Reasoning</summary>
          <div class="prose" v-morph="message.answer.reasoning"></div>
        </details>
        <div class="prose body" v-morph="message.html" :aria-busy="message.answer?.streaming ? 'true' : null"></div>
        <ul v-if="message.attachments.length" class="files" aria-label="Attachments">
          <li v-for="name in message.attachments" :key="name"><Icon name="clip"
            />{{ name }} <em>not shown: files are not supported yet</em></li>
        </ul>
        <Answer v-if="message.answer" :answer="message.answer" @again="$emit('again', message, $event)" />
        <button v-if="threadable && message.replies" type="button" class="replies"
          @click="$emit('open-thread', message.id)">
          {{ repliesText() }} <span>{{ lastReply() }}</span>
        </button>
      </div>
      <button v-if="message.authorId === me && !message.deleted" type="button" :class="['delete', { beside: threadable }]"
        @click="$emit('delete', message)" aria-label="Delete message" title="Delete the message and everything made from it">
        <Icon name="trash" />
      </button>
      <button v-if="threadable" type="button" class="reply-in-thread" @click="$emit('open-thread', message.id)"
        aria-label="Reply in thread" title="Reply in thread">
        <Icon name="thread" />
      </button>
    </article>`,
};

/** Whether the same person goes on speaking. */
function goesOn(before, message) {
  const near = new Date(message.at) - new Date(before.at) < GROUP_MS;
  const same = before.authorId === message.authorId && before.author === message.author;
  return near && same && !message.answer && !before.replies;
}

export const MessageList = {
  components: { Icon, Message },
  directives: { morph: vMorph },
  props: {
    messages: Array,
    notes: Array,
    more: Boolean,
    threadable: Boolean,
    thread: String, // the id of the thread that is open at the side
    label: String,
    since: String, // when the thread's root was said
    me: String, // whose messages can be deleted here
  },
  emits: ["open-thread", "earlier", "dismiss", "again", "delete"],
  data: () => ({ away: false, fresh: false, asked: "" }),
  computed: {
    rows() {
      let before = null;
      return this.messages.map((message) => {
        const newDay = dayKey(before?.at ?? this.since ?? 0) !== dayKey(message.at);
        const compact = !newDay && before && goesOn(before, message);
        before = message;
        return { message, compact, day: newDay ? dayOf(message.at) : "" };
      });
    },
  },
  mounted() {
    this.toEnd();
    this.observer = new ResizeObserver(() => {
      this.height = this.$refs.scroller.clientHeight;
      if (!this.away) this.toEnd();
    });
    this.observer.observe(this.$refs.inner);
    this.observer.observe(this.$refs.scroller);
  },
  beforeUnmount() {
    this.observer.disconnect();
  },
  methods: {
    toEnd() {
      const scroller = this.$refs.scroller;
      if (!scroller) return;
      scroller.scrollTop = scroller.scrollHeight;
      this.away = this.fresh = false;
    },
    onScroll() {
      const { scrollTop, scrollHeight, clientHeight } = this.$refs.scroller;
      if (clientHeight !== this.height) return; // nobody scrolled: the list has just become lower or higher
      this.away = scrollHeight - scrollTop - clientHeight > NEAR_PX;
      if (!this.away) this.fresh = false;
      if (scrollTop < EARLIER_PX) this.askEarlier();
    },
    askEarlier() {
      const first = this.messages[0]?.id;
      if (!this.more || !first || this.asked === first) return;
      this.asked = first;
      this.$emit("earlier", first);
    },
    /** Change the list at its top without moving what is being read. */
    async keepPlace(change) {
      const scroller = this.$refs.scroller;
      const fromEnd = scroller.scrollHeight - scroller.scrollTop;
      change();
      await nextTick();
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
    },
    noteFresh() {
      if (this.away) this.fresh = true;
    },
    onClick(event) {
      const button = event.target.closest("button.copy");
      if (button) copyCode(button);
    },
    retry() {
      this.asked = "";
    },
  },
  template: `
    <div class="list-frame">
      <div ref="scroller" class="scroller" role="log" aria-live="off" :aria-label="label" tabindex="0"
        @scroll.passive="onScroll" @click="onClick">
        <div ref="inner" class="inner">
          <slot name="top" />
          <button v-if="more" type="button" class="earlier"
            @click="retry(); askEarlier()">Show earlier messages</button>
          <template v-for="row in rows" :key="row.message.id">
            <div v-if="row.day" class="day" role="separator"><span>{{ row.day }}</span></div>
            <Message :message="row.message" :compact="row.compact" :threadable="threadable"
              :active="threadable && row.message.id === thread" :me="me" @delete="$emit('delete', $event)"
              @open-thread="$emit('open-thread', $event)" @again="(...going) => $emit('again', ...going)" />
          </template>
          <aside v-for="note in notes" :key="note.id" :class="['note', note.kind]" role="status">
            <p class="only-you">Only visible to you <button type="button" aria-label="Dismiss"
              @click="$emit('dismiss', note.id)"><Icon name="close" /></button></p>
            <div class="prose" v-morph="note.html"></div>
          </aside>
        </div>
      </div>
      <button v-if="away" type="button" :class="['to-end', { fresh }]" @click="toEnd"><Icon name="down"
        />{{ fresh ? 'New messages' : 'Latest' }}</button>
    </div>`,
};
