"""The exit codes of `seedling`, as in sysexits.h but for the first and the last."""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_USAGE = 64
EXIT_AWAY = 69
EXIT_BUG = 70
EXIT_OUTPUT_LOST = 74
EXIT_CONFIG = 78
EXIT_SIGNAL = 128  # and the number of the signal, as shells have it

EXPLANATION = f"""\
exit codes:
  0    done
  {EXIT_FAILED}    the model failed, a check found something broken, or nothing was found
  {EXIT_USAGE}   wrong arguments or input
  {EXIT_AWAY}   the database is away, in use or damaged
  {EXIT_BUG}   a bug
  {EXIT_OUTPUT_LOST}   the output could not be written
  {EXIT_CONFIG}   a setting is wrong
  {EXIT_SIGNAL}+n ended by signal n, as 130 by Ctrl+C"""
