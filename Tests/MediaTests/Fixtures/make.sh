#!/bin/sh
# Makes the clips of this folder with ffmpeg 5.1 (Debian 12); see README.md.
set -eu
cd "$(dirname "$0")"
f="ffmpeg -v error -y -bitexact"
# Left half red, right half blue, the top quarter white: shows turns and mirrorings.
flag="color=red:s=32x48:r=10:d=0.3[a];color=blue:s=32x48:r=10:d=0.3[b];[a][b]hstack,drawbox=0:0:64:12:white:fill"
x264="-c:v libx264 -crf 10 -threads 1"

$f -f lavfi -i "$flag" $x264 -pix_fmt yuv444p upright.mp4
for turn in 90 180 270; do
    $f -i upright.mp4 -c copy -metadata:s:v:0 rotate=$turn turned$turn.mp4
done
# Frames 0, 1, 3, 6, 10, 15 tenths of a second.
$f -f lavfi -i "testsrc=s=32x24:r=10:d=0.6" -vf "setpts=round(N*(N+1)/20/TB)" -vsync passthrough -enc_time_base 1:1000 \
    -video_track_timescale 1000 $x264 -bf 0 -pix_fmt yuv420p variable.mp4
$f -f lavfi -i "color=0xC83C28:s=32x24:r=10:d=0.3" -vf format=gbrp10le,scale=out_color_matrix=bt709 \
    $x264 -pix_fmt yuv420p10le -colorspace bt709 tenbit.mp4
for matrix in bt709 smpte170m; do
    $f -f lavfi -i "color=0xC83C28:s=32x24:r=10:d=0.3" -vf "scale=out_color_matrix=$matrix:out_range=tv" \
        $x264 -pix_fmt yuv420p -colorspace $matrix -color_range tv $matrix.mp4
done
$f -f lavfi -i "color=0xC83C28:s=32x24:r=10:d=0.3" -vf "scale=out_color_matrix=smpte170m:out_range=pc" \
    $x264 -pix_fmt yuv420p -colorspace smpte170m -color_range pc fullrange.mp4
$f -f lavfi -i "testsrc=s=33x25:r=10:d=0.3" $x264 -pix_fmt yuv444p odd.mp4
$f -f lavfi -i "testsrc=s=32x24:r=10:d=0.3,setsar=2/1" $x264 -pix_fmt yuv420p wide.mp4
$f -f lavfi -i "testsrc=s=32x32:r=20:d=0.3,tinterlace=interleave_top,fieldorder=tff" $x264 \
    -flags +ildct+ilme -pix_fmt yuv420p interlaced.mp4
# Red, transparent in the right half.
$f -f lavfi -i "color=red:s=32x24:r=10:d=0.3,format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,16),255,0)'" \
    -c:v png alpha.mov
$f -f lavfi -i "color=red:s=32x24:r=10:d=0.3,format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,16),255,0)'" \
    -c:v libvpx-vp9 -pix_fmt yuva420p -crf 10 -b:v 0 alpha.webm
$f -f lavfi -i "color=0xC83C28:s=32x24:d=0.1" -frames:v 1 -c:v libwebp -lossless 1 still.webp
# Sound beside the pictures, and longer than them.
$f -f lavfi -i "testsrc=s=32x24:r=10:d=1" -f lavfi -i "sine=d=3" $x264 -pix_fmt yuv420p \
    -c:a libopus -b:a 8k sound.mkv
# Key frames every half second, and B frames: for jumps.
$f -f lavfi -i "testsrc=s=32x24:r=25:d=2" $x264 -crf 22 -g 12 -bf 2 -pix_fmt yuv420p jumps.mp4
$f -i jumps.mp4 -c copy jumps.ts
