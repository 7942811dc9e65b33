#!/usr/bin/env bash
# Draws the sample clips, captions, truths and the still again: figures and motions of the test split of Dolls.
# draw.sh [PROGRAM]: draw-dolls, else the one that `swift build -c release --package-path Samples/Dolls` makes.
set -euo pipefail
cd "$(dirname "$0")"

draw=${1:-Dolls/.build/release/draw-dolls}

# film FIGURE MOTION FILE: 50 frames as H.264.
film() {
    "$draw" film --split test --figure "$1" --motion "$2" |
        ffmpeg -y -loglevel error -f rawvideo -pix_fmt rgb24 -s 128x128 -r 25 -i - \
            -vf scale=out_color_matrix=smpte170m:out_range=tv -colorspace smpte170m -color_range tv \
            -c:v libx264 -crf 14 -preset veryslow -pix_fmt yuv420p -fflags +bitexact -flags +bitexact "$3"
}

separator='{'
for motion in {0..23}; do
    figure=$((motion % 12))
    name=$(printf 'figure%02d_motion%02d.mp4' $figure "$motion")
    film $figure "$motion" "clips/$name"
    printf '%s\n "%s": "%s"' "$separator" "$name" "$("$draw" caption --split test --figure $figure)"
    separator=','
done > clips/captions.json
printf '\n}\n' >> clips/captions.json

for pair in 0,13 1,14 2,3 4,17 6,9 8,22; do
    film "${pair%,*}" "${pair#*,}" "$(printf 'truth/figure%02d_with_motion%02d.mp4' ${pair/,/ })"
done

"$draw" film --split test --figure 5 --motion 5 |
    ffmpeg -y -loglevel error -f rawvideo -pix_fmt rgb24 -s 128x128 -r 25 -i - \
        -frames:v 1 -fflags +bitexact -flags +bitexact stills/figure05.png
