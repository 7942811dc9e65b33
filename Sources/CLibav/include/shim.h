#pragma once
// The libraries' headers, and the macros that Swift cannot import as small functions.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static inline int vs_error_of_errno(int code) { return AVERROR(code); }
static inline int vs_end_of_file(void) { return AVERROR_EOF; }
static inline int vs_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int64_t vs_no_timestamp(void) { return AV_NOPTS_VALUE; }

// AVFrame.data and linesize are arrays, which Swift imports as tuples.
static inline uint8_t *vs_plane(const AVFrame *frame, int plane) { return frame->data[plane]; }
static inline int vs_stride(const AVFrame *frame, int plane) { return frame->linesize[plane]; }

// Makes an empty frame show a rectangle of another one's pixels, 4:2:0 in three planes, without owning them.
// Column and row are even.
static inline void vs_view(const AVFrame *from, AVFrame *to, int x, int y, int width, int height) {
    to->format = from->format;
    to->width = width;
    to->height = height;
    to->colorspace = from->colorspace;
    to->color_range = from->color_range;
    for (int plane = 0; plane < 3; plane++) {
        const int shift = plane > 0;
        to->linesize[plane] = from->linesize[plane];
        to->data[plane] = from->data[plane] + (y >> shift) * from->linesize[plane] + (x >> shift);
    }
}

// Writes planes of green, blue and red as packed pixels, red first.
static inline void vs_interleave(const AVFrame *from, uint8_t *to) {
    for (int y = 0; y < from->height; y++) {
        const uint8_t *green = from->data[0] + y * from->linesize[0];
        const uint8_t *blue = from->data[1] + y * from->linesize[1];
        const uint8_t *red = from->data[2] + y * from->linesize[2];
        for (int x = 0; x < from->width; x++, to += 3) {
            to[0] = red[x];
            to[1] = green[x];
            to[2] = blue[x];
        }
    }
}

// Scales all rows of one frame into another that has its own buffers.
static inline int vs_scale(struct SwsContext *context, const AVFrame *from, AVFrame *to) {
    return sws_scale(context, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
                     to->data, to->linesize);
}

// Sets the colour matrices (SWS_CS_...) and ranges (1 is full) of both sides; no picture controls.
static inline int vs_set_colours(struct SwsContext *context, int from_matrix, int from_full,
                                 int to_matrix, int to_full) {
    return sws_setColorspaceDetails(context, sws_getCoefficients(from_matrix), from_full,
                                    sws_getCoefficients(to_matrix), to_full, 0, 1 << 16, 1 << 16);
}

// The nine numbers of the display matrix, or NULL.
static inline const int32_t *vs_stream_display_matrix(const AVStream *stream) {
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
}
static inline const int32_t *vs_frame_display_matrix(const AVFrame *frame) {
    const AVFrameSideData *data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : NULL;
}
