import Foundation

/// Small sound films and pictures from which fuzzing starts, made by the `ffmpeg` on PATH.
package enum FilmSeeds {
    /// One file: its name, which tells the container, and what ffmpeg is told to make it.
    private struct Recipe {
        let name: String
        let arguments: [String]

        init(_ name: String, _ arguments: String) {
            self.name = name
            self.arguments = arguments.split(separator: " ").map(String.init)
        }
    }

    /// 13 containers, 18 codecs of films, 6 of pictures.
    private static let recipes = [
        Recipe("h264.mp4", "-c:v libx264 -preset ultrafast -g 4 -c:a aac -shortest"),
        Recipe("bframes.mp4", "-an -c:v libx264 -preset veryfast -bf 2 -movflags +faststart"),
        Recipe("fragments.mp4", "-an -c:v libx264 -preset ultrafast -g 4 -movflags frag_keyframe"),
        Recipe("hevc.mp4", "-an -c:v libx265 -preset ultrafast -x265-params log-level=none"),
        Recipe("av1.mp4", "-an -c:v libaom-av1 -cpu-used 8 -frames:v 4"),
        Recipe("turned.mov", "-an -c:v mjpeg -metadata:s:v rotate=90"),
        Recipe("prores.mov", "-an -c:v prores_ks -frames:v 3"),
        Recipe("palette.mov", "-an -c:v qtrle -pix_fmt pal8"),
        Recipe("pngs.mov", "-an -c:v png -pix_fmt rgba"),
        Recipe("h264.mkv", "-c:v libx264 -preset ultrafast -c:a libvorbis -shortest"),
        Recipe("ffv1.mkv", "-an -c:v ffv1 -level 3"),
        Recipe("wide.mkv", "-an -c:v mpeg4 -aspect 3"),
        Recipe("vp8.webm", "-an -c:v libvpx -deadline realtime"),
        Recipe(
            "alpha.webm",
            "-an -c:v libvpx -deadline realtime -pix_fmt yuva420p -auto-alt-ref 0"
        ),
        Recipe("vp9.webm", "-an -c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
        Recipe("mpeg4.avi", "-c:v mpeg4 -c:a libmp3lame -shortest"),
        Recipe("mjpeg.avi", "-an -c:v mjpeg"),
        Recipe("huffyuv.avi", "-an -c:v huffyuv -frames:v 3"),
        Recipe("mpeg2.ts", "-c:v mpeg2video -c:a mp2 -shortest"),
        Recipe("h264.ts", "-an -c:v libx264 -preset ultrafast -g 4"),
        Recipe("mpeg1.mpg", "-an -c:v mpeg1video"),
        Recipe("theora.ogv", "-an -c:v libtheora"),
        Recipe("flv1.flv", "-an -c:v flv"),
        Recipe("h264.flv", "-an -c:v libx264 -preset ultrafast"),
        Recipe("wmv2.wmv", "-an -c:v wmv2"),
        Recipe("mpeg2.mxf", "-an -c:v mpeg2video -r 25"),
        Recipe("raw.y4m", "-an -frames:v 2 -pix_fmt yuv420p"),
        Recipe("film.gif", "-an -c:v gif"),
        Recipe("film.apng", "-an -c:v apng -f apng -frames:v 3"),
        Recipe("picture.png", "-an -c:v png -frames:v 1"),
        Recipe("picture.jpg", "-an -c:v mjpeg -frames:v 1"),
        Recipe("picture.webp", "-an -c:v libwebp -frames:v 1"),
        Recipe("picture.tiff", "-an -c:v tiff -frames:v 1"),
        Recipe("picture.bmp", "-an -c:v bmp -frames:v 1"),
    ]

    /// Makes all of them in a folder, in one run of ffmpeg.
    ///
    /// - Returns: Their paths, in one order.
    /// - Throws: `FuzzingError` with ffmpeg's words.
    package static func make(in folder: String) throws -> [String] {
        let inputs = [
            "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.48",
            "-f", "lavfi", "-i", "sine=duration=0.48",
        ]
        let always = "-v error -nostdin -y -bitexact -filter_threads 1".split(separator: " ")
        let outputs = recipes.flatMap { recipe in
            ["-map", "0:v", "-map", "1:a", "-threads", "1", "-flags", "+bitexact"]
                + recipe.arguments + [folder + "/" + recipe.name]
        }
        let ffmpeg = Process()
        ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        ffmpeg.arguments = ["ffmpeg"] + always.map(String.init) + inputs + outputs
        let log = folder + "/ffmpeg.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        ffmpeg.standardError = FileHandle(forWritingAtPath: log)
        try ffmpeg.run()
        ffmpeg.waitUntilExit()
        guard ffmpeg.terminationStatus == 0 else {
            let words = FileManager.default.contents(atPath: log) ?? Data()
            throw FuzzingError("ffmpeg: " + String(decoding: words, as: UTF8.self))
        }
        return recipes.map { folder + "/" + $0.name }
    }
}

/// Why no fuzzing can begin.
package struct FuzzingError: Error, CustomStringConvertible {
    /// The reason.
    package let description: String

    package init(_ description: String) { self.description = description }
}
