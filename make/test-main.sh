#!/bin/sh
# Writes the main() of a cmocka suite: every `void test_NAME(void **state)` of the file is a test.
# Usage: make/test-main.sh tests/unit/ring_test.c
set -eu
names=$(sed -n 's/^void \(test_[a-z0-9_]*\)(void \*\*state)$/\1/p' "$1")
[ -n "$names" ] || { echo "$1 has no test" >&2; exit 1; }
printf '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\n\n'
for name in $names; do printf 'void %s(void **state);\n' "$name"; done
printf '\nint main(void)\n{\n    const struct CMUnitTest tests[] = {\n'
for name in $names; do printf '        cmocka_unit_test(%s),\n' "$name"; done
printf '    };\n    return cmocka_run_group_tests_name("%s", tests, NULL, NULL);\n}\n' "$(basename "$1" .c)"
