// The functions of libav that we call, from libraries that are opened by the first call: library_loading.h.
#include "shim.h"

#include <library_loading.h>

static struct vs_library avformat = VS_LIBRARY("avformat", LIBAVFORMAT_VERSION_MAJOR);
static struct vs_library avcodec = VS_LIBRARY("avcodec", LIBAVCODEC_VERSION_MAJOR);
static struct vs_library avutil = VS_LIBRARY("avutil", LIBAVUTIL_VERSION_MAJOR);
static struct vs_library swscale = VS_LIBRARY("swscale", LIBSWSCALE_VERSION_MAJOR);

#define AVFORMAT(...) VS_FORWARD(avformat, __VA_ARGS__)
#define AVCODEC(...) VS_FORWARD(avcodec, __VA_ARGS__)
#define AVUTIL(...) VS_FORWARD(avutil, __VA_ARGS__)
#define SWSCALE(...) VS_FORWARD(swscale, __VA_ARGS__)

AVUTIL(AVRational, av_d2q, (double d, int max), (d, max))
AVUTIL(void, av_dict_free, (AVDictionary **m), (m))
AVUTIL(AVDictionaryEntry *, av_dict_get, (const AVDictionary *m, const char *key, const AVDictionaryEntry
    *prev, int flags), (m, key, prev, flags))
AVUTIL(int, av_dict_set, (AVDictionary **pm, const char *key, const char *value, int flags), (pm, key, value,
    flags))
AVUTIL(AVFrame *, av_frame_alloc, (void), ())
AVUTIL(void, av_frame_free, (AVFrame **frame), (frame))
AVUTIL(int, av_frame_get_buffer, (AVFrame *frame, int align), (frame, align))
AVUTIL(AVFrameSideData *, av_frame_get_side_data, (const AVFrame *frame, enum AVFrameSideDataType type),
    (frame, type))
AVUTIL(void, av_free, (void *ptr), (ptr))
AVUTIL(int, av_get_cpu_flags, (void), ())
AVUTIL(const char *, av_get_pix_fmt_name, (enum AVPixelFormat pix_fmt), (pix_fmt))
AVUTIL(void, av_log_set_level, (int level), (level))
AVUTIL(void *, av_malloc, (size_t size), (size))
AVUTIL(int, av_opt_set, (void *obj, const char *name, const char *val, int search_flags), (obj, name, val,
    search_flags))
AVUTIL(const AVPixFmtDescriptor *, av_pix_fmt_desc_get, (enum AVPixelFormat pix_fmt), (pix_fmt))
AVUTIL(int64_t, av_rescale_q, (int64_t a, AVRational bq, AVRational cq), (a, bq, cq))
AVUTIL(int, av_strerror, (int errnum, char *errbuf, size_t errbuf_size), (errnum, errbuf, errbuf_size))

AVCODEC(AVPacket *, av_packet_alloc, (void), ())
AVCODEC(void, av_packet_free, (AVPacket **pkt), (pkt))
AVCODEC(void, av_packet_rescale_ts, (AVPacket *pkt, AVRational tb_src, AVRational tb_dst), (pkt, tb_src,
    tb_dst))
AVCODEC(void, av_packet_unref, (AVPacket *pkt), (pkt))
AVCODEC(AVCodecContext *, avcodec_alloc_context3, (const AVCodec *codec), (codec))
AVCODEC(const AVCodec *, avcodec_find_decoder, (enum AVCodecID id), (id))
AVCODEC(const AVCodec *, avcodec_find_decoder_by_name, (const char *name), (name))
AVCODEC(const AVCodec *, avcodec_find_encoder_by_name, (const char *name), (name))
AVCODEC(void, avcodec_flush_buffers, (AVCodecContext *avctx), (avctx))
AVCODEC(void, avcodec_free_context, (AVCodecContext **avctx), (avctx))
AVCODEC(const char *, avcodec_get_name, (enum AVCodecID id), (id))
AVCODEC(int, avcodec_open2, (AVCodecContext *avctx, const AVCodec *codec, AVDictionary **options), (avctx,
    codec, options))
AVCODEC(int, avcodec_parameters_from_context, (AVCodecParameters *par, const AVCodecContext *codec), (par,
    codec))
AVCODEC(int, avcodec_parameters_to_context, (AVCodecContext *codec, const AVCodecParameters *par), (codec,
    par))
AVCODEC(int, avcodec_receive_frame, (AVCodecContext *avctx, AVFrame *frame), (avctx, frame))
AVCODEC(int, avcodec_receive_packet, (AVCodecContext *avctx, AVPacket *avpkt), (avctx, avpkt))
AVCODEC(int, avcodec_send_frame, (AVCodecContext *avctx, const AVFrame *frame), (avctx, frame))
AVCODEC(int, avcodec_send_packet, (AVCodecContext *avctx, const AVPacket *avpkt), (avctx, avpkt))

AVFORMAT(int, av_find_best_stream, (AVFormatContext *ic, enum AVMediaType type, int wanted_stream_nb, int
    related_stream, const AVCodec **decoder_ret, int flags), (ic, type, wanted_stream_nb, related_stream,
    decoder_ret, flags))
AVFORMAT(AVRational, av_guess_frame_rate, (AVFormatContext *ctx, AVStream *stream, AVFrame *frame), (ctx,
    stream, frame))
AVFORMAT(int, av_interleaved_write_frame, (AVFormatContext *s, AVPacket *pkt), (s, pkt))
AVFORMAT(int, av_probe_input_buffer2, (AVIOContext *pb, const AVInputFormat **fmt, const char *url, void
    *logctx, unsigned int offset, unsigned int max_probe_size), (pb, fmt, url, logctx, offset,
    max_probe_size))
AVFORMAT(int, av_read_frame, (AVFormatContext *s, AVPacket *pkt), (s, pkt))
AVFORMAT(int, av_seek_frame, (AVFormatContext *s, int stream_index, int64_t timestamp, int flags), (s,
    stream_index, timestamp, flags))
AVFORMAT(uint8_t *, av_stream_get_side_data, (const AVStream *stream, enum AVPacketSideDataType type, size_t
    *size), (stream, type, size))
AVFORMAT(int, av_write_trailer, (AVFormatContext *s), (s))
AVFORMAT(AVFormatContext *, avformat_alloc_context, (void), ())
AVFORMAT(int, avformat_alloc_output_context2, (AVFormatContext **ctx, const AVOutputFormat *oformat, const
    char *format_name, const char *filename), (ctx, oformat, format_name, filename))
AVFORMAT(void, avformat_close_input, (AVFormatContext **s), (s))
AVFORMAT(int, avformat_find_stream_info, (AVFormatContext *ic, AVDictionary **options), (ic, options))
AVFORMAT(void, avformat_free_context, (AVFormatContext *s), (s))
AVFORMAT(AVStream *, avformat_new_stream, (AVFormatContext *s, const AVCodec *c), (s, c))
AVFORMAT(int, avformat_open_input, (AVFormatContext **ps, const char *url, const AVInputFormat *fmt,
    AVDictionary **options), (ps, url, fmt, options))
AVFORMAT(int, avformat_write_header, (AVFormatContext *s, AVDictionary **options), (s, options))
AVFORMAT(AVIOContext *, avio_alloc_context, (unsigned char *buffer, int buffer_size, int write_flag, void
    *opaque, int (*read_packet)(void *opaque, uint8_t *buf, int buf_size), int (*write_packet)(void *opaque,
    uint8_t *buf, int buf_size), int64_t (*seek)(void *opaque, int64_t offset, int whence)), (buffer,
    buffer_size, write_flag, opaque, read_packet, write_packet, seek))
AVFORMAT(int, avio_closep, (AVIOContext **s), (s))
AVFORMAT(void, avio_context_free, (AVIOContext **s), (s))
AVFORMAT(void, avio_flush, (AVIOContext *s), (s))
AVFORMAT(int, avio_open, (AVIOContext **s, const char *url, int flags), (s, url, flags))

SWSCALE(void, sws_freeContext, (struct SwsContext *swsContext), (swsContext))
SWSCALE(const int *, sws_getCoefficients, (int colorspace), (colorspace))
SWSCALE(struct SwsContext *, sws_getContext, (int srcW, int srcH, enum AVPixelFormat srcFormat, int dstW, int
    dstH, enum AVPixelFormat dstFormat, int flags, SwsFilter *srcFilter, SwsFilter *dstFilter, const double
    *param), (srcW, srcH, srcFormat, dstW, dstH, dstFormat, flags, srcFilter, dstFilter, param))
SWSCALE(int, sws_scale, (struct SwsContext *c, const uint8_t *const srcSlice[], const int srcStride[], int
    srcSliceY, int srcSliceH, uint8_t *const dst[], const int dstStride[]), (c, srcSlice, srcStride,
    srcSliceY, srcSliceH, dst, dstStride))
SWSCALE(int, sws_setColorspaceDetails, (struct SwsContext *c, const int inv_table[4], int srcRange, const int
    table[4], int dstRange, int brightness, int contrast, int saturation), (c, inv_table, srcRange, table,
    dstRange, brightness, contrast, saturation))
