#!/bin/sh
# Checks with readelf how programs were made. Usage: make/hardening.sh BUILD_FOLDER PROGRAM…
# Jumps and calls that land where none should (IBT, SHSTK) are told of the objects: the linker tells
# it of a program only when all in it agrees, and the C library's start files do not.
set -u
build=$1
shift
bad=0

expect() { # file, what it should be, the text looked at, a pattern for it
    printf '%s\n' "$3" | grep -Eq -- "$4" && return
    echo "$1: not $2" >&2
    bad=1
}
refuse() { # file, what it should not have, the text looked at, a pattern for it
    printf '%s\n' "$3" | grep -Eq -- "$4" || return 0
    echo "$1: has $2" >&2
    bad=1
}

for program; do
    dynamic=$(readelf -hdW "$program") || exit 1
    segments=$(readelf -lW "$program")
    expect "$program" "position-independent" "$dynamic" 'FLAGS_1.* PIE'
    expect "$program" "bound at start, so that its tables can be read-only" "$dynamic" 'FLAGS_1.* NOW'
    expect "$program" "with read-only tables (RELRO)" "$segments" 'GNU_RELRO'
    expect "$program" "with a stack that cannot be executed" "$segments" 'GNU_STACK.* RW +0x'
    refuse "$program" "memory that can be written and executed" "$segments" '^ +[A-Z_]+ .* RWE '
    refuse "$program" "relocations in code" "$dynamic" 'TEXTREL'
    refuse "$program" "a path of its own for libraries" "$dynamic" '\((RPATH|RUNPATH)\)'
done

for folder in sandbox server; do
    symbols=$(find "$build/$folder" -name '*.o' -exec nm -u {} +) || exit 1
    expect "$build/$folder" "with stack protectors" "$symbols" ' U __stack_chk_fail$'
    expect "$build/$folder" "with checked copies (FORTIFY)" "$symbols" ' U __(mem|str|v?sn?printf)[a-z]*_chk$'
done
if [ "$(uname -m)" = x86_64 ]; then
    for object in $(find "$build/sandbox" "$build/server" "$build/scenarios" -name '*.o'); do
        expect "$object" "fit for IBT and shadow stacks" "$(readelf -nW "$object")" 'IBT, SHSTK'
    done
fi
exit $bad
