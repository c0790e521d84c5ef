"""Serve the embedded model over HTTP in a process of its own, which ends when its standard input does.

Started by its path with `python -P`, so it imports nothing of this project and nothing from the working directory.
Its one line on standard output says that it is ready; everything else goes to standard error.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

import xllamacpp  # type: ignore[import-untyped]  # comes without annotations

PR_SET_PDEATHSIG = 1  # linux/prctl.h
READY = "ready"
QUIET = 1  # llama.cpp's log level for errors alone

# Slots share one cache of keys and values, and what an idle slot held moves to a cache of prompts when another request
# starts. So a conversation finds its own prefix again even after others have used its slot. A slot is taken as it is
# when it holds at least this part of the new prompt: much lower (llama.cpp has 0.1), and all conversations, which begin
# with the same system prompt, overwrite each other; much higher, and a long question does not find its conversation.
SLOT_SIMILARITY = 0.3
PROMPT_CACHE_MIB = 512

# llama.cpp's threads wait for each other several hundred times for each token, and each of those waits lasts until the
# slowest one has its core back. Measured on two cores that other work wanted too: 0.7 to 0.9 tokens a second with two
# threads, 16 to 40 with one. The spared core is for that other work: the bot and the browser to begin with.
SPARED_CORES = 1

# The values on the model card: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct
TEMPERATURE = 0.2
TOP_P = 0.9

# So small a model falls into loops that only the token limit ends; DRY makes repeating a sequence ever less likely.
# Values as its author proposes: https://github.com/oobabooga/text-generation-webui/pull/5677
DRY_MULTIPLIER = 0.8
DRY_ALLOWED_LENGTH = 2
REPEAT_PENALTY = 1.1  # llama.cpp's own default before it was switched off
REPEAT_TOKENS = 256


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input ends."""
    _end_with_parent()
    options = _read(arguments)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # llama.cpp may print, and the first line must be ours
    server = xllamacpp.Server(_parameters(options))
    print(READY, server.listening_address, file=answers, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # joining the workers would wait for the answers that they still write


def _end_with_parent() -> None:
    """Have Linux kill this process when its parent is gone, even while the weights are being read."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--context-tokens", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    return parser.parse_args(arguments)


def _parameters(options: argparse.Namespace) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = options.weights
    params.model_alias = {options.name}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.reuse_port = True  # the parent holds the port, so that it stays ours over a restart
    params.cors_origins = ""  # no page in a browser may ask it
    params.ui = False
    params.endpoint_slots = False  # would show what others ask
    params.verbosity = QUIET
    params.n_parallel = options.slots
    params.n_ctx = options.slots * options.context_tokens
    params.kv_unified = True
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0  # half the memory
    params.slot_prompt_similarity = SLOT_SIMILARITY
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, _cores() - SPARED_CORES)
    params.sampling.temp = TEMPERATURE
    params.sampling.top_p = TOP_P
    params.sampling.dry_multiplier = DRY_MULTIPLIER
    params.sampling.dry_allowed_length = DRY_ALLOWED_LENGTH
    params.sampling.dry_penalty_last_n = REPEAT_TOKENS
    params.sampling.penalty_repeat = REPEAT_PENALTY
    params.sampling.penalty_last_n = REPEAT_TOKENS
    return params


def _cores() -> int:
    """Return how many cores this process may use; a container often has fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if __name__ == "__main__":
    main(sys.argv[1:])
