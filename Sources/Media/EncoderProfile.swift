import CLibav

/// The encoder and its settings behind each output format; part of what makes files reproducible.
struct EncoderProfile {
    /// The encoder's name in libav.
    var codec: String
    var pixelFormat: AVPixelFormat
    /// The encoder's own options.
    var options: [String: String] = [:]
    /// Fixed, because the bytes of some encoders depend on it.
    var threads: Int32 = 1
    /// Key frames are at most this many frames apart; 0 leaves it to the encoder.
    var keyFrameDistance: Int32 = 0
    /// The fixed quantiser of MJPEG.
    var quantizer: Int32?
    /// Whether width and height have to be even.
    var needsEvenSize = false

    /// H.264 at a quality where the loss is hardly seen; 4:2:0, which every player shows.
    static let h264 = EncoderProfile(
        codec: "libx264",
        pixelFormat: AV_PIX_FMT_YUV420P,
        options: ["preset": "medium", "crf": "18"].merging(reproducibleH264) { $1 },
        threads: 4,
        keyFrameDistance: 50,
        needsEvenSize: true
    )

    /// Keeps libx264 away from AVX-512.
    ///
    /// There, version 164 reads memory that it has not set, and equal pictures give unequal bytes.
    /// Its AVX2, AVX and SSE4.2 code agree with each other, bit by bit.
    private static var reproducibleH264: [String: String] {
        av_get_cpu_flags() & AV_CPU_FLAG_AVX2 != 0 ? ["x264-params": "asm=AVX2"] : [:]
    }

    /// VP9 at a like quality.
    static let vp9 = EncoderProfile(
        codec: "libvpx-vp9",
        pixelFormat: AV_PIX_FMT_YUV420P,
        options: ["crf": "20", "b": "0", "deadline": "good", "cpu-used": "3"],
        threads: 4,
        keyFrameDistance: 50,
        needsEvenSize: true
    )

    /// GIF with the palettes that `PaletteMapper` makes.
    static let gif = EncoderProfile(codec: "gif", pixelFormat: AV_PIX_FMT_PAL8)

    /// Lossless RGB, every frame a key frame.
    static let ffv1 = EncoderProfile(
        codec: "ffv1",
        pixelFormat: AV_PIX_FMT_BGR0,
        options: ["level": "3", "slices": "4", "slicecrc": "1"],
        threads: 4,
        keyFrameDistance: 1
    )

    /// The encoder of a single picture.
    static func still(_ format: StillImage.Format) -> EncoderProfile {
        switch format {
        case .png:
            EncoderProfile(
                codec: "png",
                pixelFormat: AV_PIX_FMT_RGB24,
                options: ["pred": "mixed"]
            )
        case .jpeg(let quality):
            EncoderProfile(
                codec: "mjpeg",
                pixelFormat: AV_PIX_FMT_YUVJ420P,
                quantizer: Int32(1 + (100 - min(max(quality, 1), 100)) * 30 / 99)
            )
        }
    }

    /// Whether swscale's output is BT.709 video rather than RGB or BT.601 JPEG.
    var isVideoYUV: Bool { pixelFormat == AV_PIX_FMT_YUV420P }
}
