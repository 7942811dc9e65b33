/// The containers that files are read from, by the names of libav's demuxers.
///
/// A list of what is allowed, not of what is forbidden: libav has demuxers that open other files and addresses which a
/// file names (play lists, `ffconcat`, SDP, DASH, number patterns), that take text for pictures, or that hand the bytes
/// to a library of their own. What people keep films, pictures and sound in is here; sound only for a message that
/// says so. A test holds that every name is one of libav's.
package enum Containers {
    /// All names: films, pictures, sounds.
    package static let names: Set<String> = [
        "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "ogg", "asf", "mxf", "nut",
        "dv", "rm", "ivf", "yuv4mpegpipe", "wtv", "gxf", "h264", "hevc", "m4v", "obu", "av1",
        "mjpeg", "vc1", "dirac", "cavsvideo", "h261", "h263", "dnxhd", "nuv", "mlv", "cine", "r3d",
        "lxf", "gif", "apng", "dhav", "avs2", "avs3",

        "bmp_pipe", "dds_pipe", "dpx_pipe", "exr_pipe", "gem_pipe", "gif_pipe", "j2k_pipe",
        "jpeg_pipe", "jpegls_pipe", "jpegxl_pipe", "pam_pipe", "pbm_pipe", "pcx_pipe", "pfm_pipe",
        "pgm_pipe", "pgmyuv_pipe", "pgx_pipe", "phm_pipe", "photocd_pipe", "pictor_pipe",
        "png_pipe", "ppm_pipe", "psd_pipe", "qdraw_pipe", "qoi_pipe", "sgi_pipe", "sunrast_pipe",
        "tiff_pipe", "vbn_pipe", "webp_pipe", "xbm_pipe", "xpm_pipe", "xwd_pipe", "ico",

        "aac", "ac3", "aiff", "amr", "ape", "au", "caf", "dts", "eac3", "flac", "mp3", "tta", "voc",
        "w64", "wav", "wv",
    ]

    /// Whether files of a demuxer are read; its name may be several, as `matroska,webm`.
    static func areRead(_ demuxer: String) -> Bool {
        demuxer.split(separator: ",").contains { names.contains(String($0)) }
    }
}
