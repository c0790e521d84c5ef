// What a conversation sent to the model: one bar for each request, laid out by the server in percent.
import { nextTick } from "vue";
import { timeOf } from "/assets/dom.js";
import { Icon } from "/assets/icons.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

export const ContextPanel = {
  components: { Icon },
  props: { context: Object, trouble: String },
  emits: ["close", "again"],
  data: () => ({ table: false, hovered: null, focused: null, stop: null }),
  computed: {
    bars() {
      return this.context?.bars ?? [];
    },
    /** The bar that the Tab key reaches: where the person was, else the newest. */
    tabStop() {
      return Math.min(this.stop ?? Infinity, this.bars.length - 1);
    },
    active() {
      return this.bars[this.hovered ?? this.focused] ?? null;
    },
  },
  mounted() {
    this.$refs.title.focus();
  },
  methods: {
    timeOf,
    center(bar) {
      return bar.x + this.context.barWidth / 2;
    },
    nameOf(bar) {
      const { total, cached, fresh, head, messages } = bar.facts;
      const figures = `${total} tokens in, ${cached} cached, ${fresh} not cached, system prompt about ${head}, ${messages}.`;
      const mark = bar.break ? ` ${bar.break.label}: ${bar.break.text}` : "";
      return `${bar.title}, ${timeOf(bar.at)}: ${figures}${mark}${bar.failed ? " It failed." : ""}`;
    },
    onKey(event) {
      const by = KEYS[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.go(Math.min(Math.max(this.tabStop + by, 0), this.bars.length - 1));
    },
    go(index) {
      this.stop = index;
      nextTick(() => this.$refs.bars[index]?.focus());
    },
    onFocus(index) {
      this.focused = this.stop = index;
    },
    onEnter(event, index) {
      if (event.pointerType === "mouse") this.hovered = index;
    },
  },
  template: `
    <section class="context" aria-label="Context">
      <header>
        <h3 ref="title" tabindex="-1">Context <span>what each request sent to the model</span></h3>
        <button v-if="bars.length" type="button" class="as-table" :aria-pressed="table ? 'true' : 'false'"
          @click="table = !table">Table</button>
        <button type="button" class="icon-button" aria-label="Close context" title="Close (Esc)"
          @click="$emit('close')"><Icon name="close" /></button>
      </header>
      <p v-if="trouble" class="context-trouble" role="alert">{{ trouble }}
        <button type="button" @click="$emit('again')">Try again</button></p>
      <p v-else-if="context && !bars.length" class="context-empty">Nothing has been sent to the model from here yet. Ask something,
        and each request appears here with what of it was cached and what was not.</p>
      <template v-if="bars.length">
        <p class="context-summary dotted" role="status"><span v-for="part in context.summary" :key="part">{{ part }}</span></p>
        <div v-if="table" class="context-table" tabindex="0" role="region" aria-label="Requests as a table">
          <table>
            <thead><tr>
              <th scope="col">Time</th><th scope="col">Tokens in</th><th scope="col">Cached</th>
              <th scope="col">Not cached</th><th scope="col">System prompt</th><th scope="col">Messages</th>
              <th scope="col">Cache break</th>
            </tr></thead>
            <tbody>
              <tr v-for="bar in [...bars].reverse()" :key="bar.title">
                <th scope="row"><time :datetime="bar.at">{{ timeOf(bar.at) }}</time></th>
                <td>{{ bar.facts.total }}</td><td>{{ bar.facts.cached }}</td><td>{{ bar.facts.fresh }}</td>
                <td>{{ bar.facts.head }}</td><td>{{ bar.facts.entries }}</td>
                <td :title="bar.break?.text">{{ bar.failed ? 'Failed' : bar.break?.label }}</td>
              </tr>
            </tbody>
          </table>
        </div>
        <figure v-else @keydown="onKey">
          <div class="plot">
            <span v-for="tick in context.ticks" :key="tick.label" class="tick" :style="{ top: tick.y + '%' }"
              aria-hidden="true">{{ tick.label }}</span>
            <svg role="group" :aria-label="'Tokens of the newest ' + bars.length + ' requests, oldest first; arrow keys move'"
              @pointerleave="hovered = null">
              <defs><pattern id="head-new" width="5" height="5" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"><rect width="5" height="5" /><path d="M0 0v5" /></pattern></defs>
              <line v-for="tick in context.ticks" :key="tick.label" x1="0" x2="100%" :y1="tick.y + '%'"
                :y2="tick.y + '%'" />
              <g v-for="(bar, index) in bars" :key="bar.title" ref="bars" role="img" :aria-label="nameOf(bar)"
                :class="['request', { active: bar === active, estimated: bar.estimated }]"
                :tabindex="index === tabStop ? 0 : -1" @focus="onFocus(index)" @blur="focused = null"
                @pointerenter="onEnter($event, index)" @click="go(index)">
                <rect class="slot" :x="bar.slot + '%'" y="-4" :width="context.slotWidth + '%'" />
                <rect v-for="part in bar.segments" :key="part.kind" :class="part.kind" :x="bar.x + '%'"
                  :fill="part.kind === 'head-new' ? 'url(#head-new)' : null"
                  :y="part.y + '%'" :width="context.barWidth + '%'" :height="part.height + '%'" />
                <use v-if="bar.break" class="mark" :href="'#b-' + bar.break.kind" :x="center(bar) + '%'" y="100%"
                  width="8" height="8" />
              </g>
            </svg>
            <div v-if="active" class="tip" aria-hidden="true"
              :style="{ left: center(active) + '%', transform: 'translateX(-' + center(active) + '%)' }">
              <p><b>{{ active.title }}</b> {{ timeOf(active.at) }}</p>
              <p><b>{{ active.facts.total }}</b> tokens in, {{ active.facts.messages }}</p>
              <p><b>{{ active.facts.cached }}</b> cached, <b>{{ active.facts.fresh }}</b> not cached</p>
              <p>system prompt about {{ active.facts.head }}</p>
              <p v-if="active.break" class="why"><svg><use :href="'#b-' + active.break.kind" /></svg><span
                ><b>{{ active.break.label }}.</b> {{ active.break.text }}</span></p>
              <p v-if="active.failed">This request failed.</p>
            </div>
          </div>
          <figcaption>
            <span class="key head">System prompt</span>
            <span v-if="context.headNew" class="key head-new">System prompt, not cached</span><span class="key cached">Cached</span>
            <span class="key new">Not cached</span><span v-if="context.estimated" class="key paler">Paler: estimated</span>
            <span v-for="each in context.breaks" :key="each.kind" class="key"><svg aria-hidden="true"><use
              :href="'#b-' + each.kind" /></svg>{{ each.label }}</span>
          </figcaption>
        </figure>
      </template>
    </section>`,
};
