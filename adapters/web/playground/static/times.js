// Times as clocks show them where the reader is, on pages that have no other script.
import { localize } from "./dom.js";

localize(document);
