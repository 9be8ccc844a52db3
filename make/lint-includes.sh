#!/bin/sh
# Checks that includes follow the layers: a folder may include itself and what its line names.
set -u

allowed() {
    case "$1" in
    sandbox/base) echo "" ;;
    sandbox/trace) echo "sandbox/base sandbox/proto" ;;
    sandbox/proto) echo "sandbox/base" ;;
    sandbox/sched) echo "sandbox/base sandbox/proto sandbox/trace" ;;
    sandbox/prim) echo "sandbox/base sandbox/proto sandbox/trace sandbox/sched" ;;
    sandbox/host) echo "sandbox/base sandbox/proto sandbox/trace" ;;
    sandbox) echo "sandbox/base sandbox/proto sandbox/trace sandbox/sched sandbox/prim sandbox/host" ;;
    scenarios) echo "sandbox sandbox/prim" ;;
    scenarios/*) echo "scenarios" ;;
    server/base) echo "sandbox/base sandbox/proto" ;;
    server/http) echo "$(allowed server/base) server/base" ;;
    server/store) echo "$(allowed server/base) server/base" ;;
    server/pictures) echo "$(allowed server/base) sandbox/trace server/base" ;;
    server/clients) echo "$(allowed server/http) server/http server/store" ;;
    server/setups) echo "$(allowed server/http) sandbox/trace server/http" ;;
    server/workshops) echo "$(allowed server/setups) server/store server/setups" ;;
    server/runs) echo "$(allowed server/workshops) sandbox/host server/workshops" ;;
    server/transfer) echo "$(allowed server/runs) server/runs" ;;
    server/api) echo "$(allowed server/runs) server/clients server/runs" ;;
    server/pages) echo "$(allowed server/api) server/pictures server/api" ;;
    server) echo "$(allowed server/pages) server/transfer server/pages" ;;
    esac
}

bad=0
for file in $(find sandbox scenarios server -name '*.[ch]'); do
    folder=$(dirname "$file")
    ok=" $folder $(allowed "$folder") "
    for included in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
        from=$(dirname "$included")
        case "$ok" in
        *" $from "*) ;;
        *)
            echo "$file includes $included: $folder may not include $from" >&2
            bad=1
            ;;
        esac
    done
done
only() { # header, the one file or folder that may use it
    for file in $(grep -rl --include='*.[ch]' "#include <$1>" sandbox scenarios server); do
        case "$file" in
        $2*) ;;
        *)
            echo "$file includes <$1>, which is for $2 alone" >&2
            bad=1
            ;;
        esac
    done
}
only microhttpd.h server/http/
only jansson.h server/base/json
only sqlite3.h server/store/
only seccomp.h sandbox/filter
only cairo.h server/pictures/canvas
only zlib.h server/pictures/png
only pango/pangocairo.h server/pictures/canvas
exit $bad
