#!/usr/bin/env bash
# The whole of vsdb on the sample clips: a library, its pack, its clips, compositions, films.
# `make demo` builds vsdb and runs this. DEMO_SUBSET=1 takes four clips and two compositions.
# Everything lands in the folder demo beside Samples; nothing is opened.
set -euo pipefail
cd "$(dirname "$0")/.."

vsdb_binary=${VSDB:-.build/release/vsdb}
if [[ ! -x $vsdb_binary ]]; then
    echo "demo: $vsdb_binary is not there; run: make build" >&2
    exit 1
fi
if [[ -e demo ]]; then
    if [[ ! -f demo/library/library.json ]]; then
        echo "demo: ./demo is not an earlier demo; move it away" >&2
        exit 1
    fi
    echo "replacing the demo of $(date -r demo/library/library.json '+%F %T')"
    rm -rf demo
fi
mkdir -p demo/films demo/sheets
export VSDB_LIBRARY=demo/library

# Says what it runs, and runs it.
vsdb() {
    local word
    printf '\n$ vsdb'
    for word in "$@"; do
        if [[ $word == *' '* ]]; then printf ' "%s"' "$word"; else printf ' %s' "$word"; fi
    done
    printf '\n'
    "$vsdb_binary" "$@"
}

# compose NAME FLAGS...: makes demo/films/NAME.mp4 and demo/sheets/NAME.png.
compose() {
    local name=$1
    shift
    vsdb compose "$@" -o "demo/films/$name.mp4" --sheet "demo/sheets/$name.png"
}

clips=(Samples/clips)
if [[ -n ${DEMO_SUBSET:-} ]]; then
    clips=()
    for name in figure00_motion00 figure01_motion13 figure02_motion02 figure03_motion03; do
        clips+=("Samples/clips/$name.mp4")
    done
fi

echo "== A library with the sample pack and the sample clips"
vsdb init demo/library
vsdb pack add Samples/packs/paper-doll
vsdb ingest "${clips[@]}" --captions Samples/clips/captions.json
vsdb ingest Samples/clips/figure00_motion00.mp4 # the same bytes again: nothing is done
vsdb list

echo
echo "== Figure 0 moves like figure 1"
compose swap --content figure00_motion00 --motion figure01_motion13 --save swap

echo
echo "== The saved composition again, byte for byte"
vsdb render swap -o demo/films/swap-again.mp4
cmp demo/films/swap.mp4 demo/films/swap-again.mp4
echo "demo/films/swap.mp4 and demo/films/swap-again.mp4 are the same"

echo
echo "== Another look: the brown top becomes green"
caption="a photo of a woman with curly brown hair wearing a sleeveless COLOR top and green pants"
compose green-top --content figure00_motion00 \
    --from "${caption/COLOR/brown}" --to "${caption/COLOR/green}"

if [[ -z ${DEMO_SUBSET:-} ]]; then
    echo
    echo "== Local motion: only the right arm moves like figure 9"
    compose right-arm --content figure06_motion06 --blend figure09_motion09 --mask right-arm

    echo
    echo "== Local motion with a soft mask from a grey picture"
    compose soft-mask --content figure06_motion06 \
        --blend figure02_motion14 --mask Samples/masks/soft-left-arm.png

    echo
    echo "== Half one motion, half another"
    compose mix --content figure04_motion04 --motion figure01_motion13 --mix figure11_motion23:0.5

    echo
    echo "== Twice the frames: the motion is known at every moment"
    compose swap-50fps --content figure00_motion00 --motion figure01_motion13 --fps 50

    echo
    echo "== A still picture learns to move"
    compose still --content Samples/stills/figure05.png --motion figure01_motion13

    echo
    echo "== A recipe from a file"
    vsdb render Samples/recipes/swap-with-green-top.json \
        -o demo/films/recipe.gif --sheet demo/sheets/recipe.png
fi

echo
vsdb status
echo
echo "library:         demo/library"
echo "films:           $(echo demo/films/*)"
echo "contact sheets:  $(echo demo/sheets/*)"
