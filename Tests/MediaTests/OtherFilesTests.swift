import Foundation
import Glibc
import Media
import Testing

/// Files whose content or name points at other files and addresses: none of them is ever opened.
@Suite struct OtherFilesTests {
    let folder: ScratchFolder
    private let trap: Trap

    init() throws {
        folder = try ScratchFolder()
        for name in ["other.mp4", "other.png", "other.ts", "1.png", "list.sub", "ASSETMAP.xml"] {
            _ = try folder.make(name, Data("never read".utf8))
        }
        try writeFilm(folder.file("other.mp4"), [Drawings.scene(), Drawings.scene()])
        trap = try Trap(folder.path, try folder.names)
    }

    /// Where a list may point to: a name beside it, a path, and the protocols of libav.
    private var targets: [String] {
        let path = folder.file("other.mp4")
        let address = "127.0.0.1:\(trap.port)"
        return [
            "other.mp4", "other.ts", path, "file:\(path)", "file://\(path)",
            "concat:\(path)|\(path)",
            "subfile,,start,0,end,100,,:\(path)", "crypto:\(path)", "cache:\(path)",
            "async:\(path)",
            "http://\(address)/a.ts", "tcp://\(address)", "rtmp://\(address)/a",
            "ftp://\(address)/a",
            "rtsp://\(address)/a", "gopher://\(address)/a", "data:video/mp4;base64,AAAA",
        ]
    }

    private func expectRefusal(_ content: String, _ names: [String]) throws {
        for name in names {
            let path = try folder.make(name, Data(content.utf8))
            #expect(
                errorKind { _ = try VideoReader(path: path) } == .notMedia,
                "\(name): \(content)"
            )
            #expect(errorKind { _ = try MediaKind.probe(path) } == .notMedia)
            #expect(errorKind { _ = try VideoTimeline(path: path) } == .notMedia)
            #expect(errorKind { _ = try StillImage.read(path) } == .notMedia)
            #expect(trap.takeSprung() == [], "\(name): \(content)")
        }
    }

    @Test func theTrapSnaps() throws {
        _ = try Data(contentsOf: URL(fileURLWithPath: folder.file("other.mp4")))
        #expect(trap.takeSprung() == ["other.mp4"])
        try trap.connect()
        #expect(trap.takeSprung() == ["the network"])
        // What libav does with such a list unless it is told not to.
        let list = try folder.make("list.txt", Data("ffconcat version 1.0\nfile other.mp4\n".utf8))
        try readWithFFmpeg([], list)
        #expect(trap.takeSprung() == ["other.mp4"])
    }

    /// Reads a file with the ffmpeg on PATH, which opens what the file names.
    private func readWithFFmpeg(_ options: [String], _ path: String) throws {
        let ffmpeg = Process()
        ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        ffmpeg.arguments =
            ["ffmpeg", "-v", "quiet", "-nostdin"] + options + ["-i", path, "-f", "null", "-"]
        try ffmpeg.run()
        ffmpeg.waitUntilExit()
    }

    @Test func playListsOpenNothing() throws {
        for target in targets {
            let head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
            let key = "#EXT-X-KEY:METHOD=AES-128,URI=\"\(target)\"\n"
            let part = "#EXTINF:1,\n\(target)\n#EXT-X-ENDLIST\n"
            try expectRefusal(head + part, ["list.m3u8", "list.mp4"])
            try expectRefusal(head + key + part, ["list.m3u8"])
            try expectRefusal("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n\(target)\n", ["list.m3u8"])
        }
    }

    @Test func concatScriptsOpenNothing() throws {
        for target in targets {
            let script = "ffconcat version 1.0\nfile '\(target)'\nduration 1\n"
            try expectRefusal(script, ["list.ffconcat", "list.mp4", "list.txt"])
        }
    }

    @Test func dashManifestsOpenNothing() throws {
        for target in targets {
            try expectRefusal(
                """
                <?xml version="1.0"?>
                <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
                 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet
                 mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>\(target)</BaseURL>
                </Representation></AdaptationSet></Period></MPD>
                """,
                ["list.mpd", "list.mp4"]
            )
        }
    }

    @Test func otherListsOpenNothing() throws {
        try expectRefusal(
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video \(trap.port) "
                + "RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:rtsp://127.0.0.1:\(trap.port)/a\n",
            ["list.sdp", "list.mp4"]
        )
        try expectRefusal(
            "# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\nid: en, index: 0\n"
                + "timestamp: 00:00:01:000, filepos: 000000000\n",
            ["list.idx", "list.mp4"]
        )
        try expectRefusal(
            "<?xml version=\"1.0\"?><CompositionPlaylist xmlns=\"http://www.smpte-ra.org/schemas/2067-3/2016\">"
                + "<Id>urn:uuid:0</Id></CompositionPlaylist>",
            ["CPL.xml", "list.mp4"]
        )
        try expectRefusal(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"other.png\"/></svg>",
            ["picture.svg", "picture.png"]
        )
        try expectRefusal("other.mp4\nother.png\n%d.png\n", ["list.txt", "list.png"])
    }

    @Test func namesAreOnlyNames() throws {
        for name in targets.dropFirst(3) + [folder.file("%d.png"), folder.file("*.png"), "pipe:0"] {
            #expect(errorKind { _ = try VideoReader(path: name) } == .notFound, "\(name)")
            #expect(trap.takeSprung() == [], "\(name)")
        }
    }

    /// A film whose pictures lie in another file, as editors write them.
    @Test func aMovieReferenceOpensNothing() throws {
        let film = try Data(contentsOf: URL(fileURLWithPath: folder.file("other.mp4")))
        _ = trap.takeSprung()
        for target in ["other.mp4", folder.file("other.mp4")] {
            var changed = film
            try replaceReference(in: &changed, with: alias(of: target))
            let path = try folder.make("reference.mov", changed)
            // A trap it is: libav follows the reference when it is told to.
            try readWithFFmpeg(["-enable_drefs", "1"], path)
            #expect(trap.takeSprung() == ["other.mp4"], "\(target)")
            _ = try? VideoReader(path: path)
            _ = try? VideoTimeline(path: path)
            #expect(trap.takeSprung() == [], "\(target)")
        }
    }

    /// An alias record of classic Mac OS with an absolute path, as libav's reader takes it apart.
    private func alias(of path: String) -> [UInt8] {
        func name(_ text: String, _ room: Int) -> [UInt8] {
            let bytes = text.utf8.prefix(room)
            return [UInt8(bytes.count)] + bytes + [UInt8](repeating: 0, count: room - bytes.count)
        }
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        let size = UInt16(path.utf8.count)
        let absolute =
            [0, 2, UInt8(size >> 8), UInt8(size & 255)] + path.utf8 + zeros(Int(size % 2))
        return zeros(4) + zeros(10) + name("disk", 27) + zeros(12)
            + name((path as NSString).lastPathComponent, 63) + zeros(16) + [0, 1, 0, 1] + zeros(16)
            + absolute + [255, 255, 0, 0]
    }

    private func replaceReference(in film: inout Data, with alias: [UInt8]) throws {
        let body = [0, 0, 0, 0, 0, 0, 0, 1] + box("alis", alias)
        let old = try #require(film.range(of: Data("dref".utf8)))
        let oldSize = Int(film[old.lowerBound - 1])
        let new = box("dref", body)
        film.replaceSubrange(old.lowerBound - 4..<old.lowerBound - 4 + oldSize, with: new)
        for name in ["moov", "trak", "mdia", "minf", "dinf"] {
            let place = try #require(film.range(of: Data(name.utf8))).lowerBound - 4
            let size = film[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            film.replaceSubrange(place..<place + 4, with: number(size + new.count - oldSize))
        }
    }

    private func box(_ name: String, _ body: [UInt8]) -> [UInt8] {
        number(body.count + 8) + Array(name.utf8) + body
    }

    private func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    @Test func everyContainerIsOneOfLibav() throws {
        let ffmpeg = Process()
        let output = Pipe()
        ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        ffmpeg.arguments = ["ffmpeg", "-v", "quiet", "-demuxers"]
        ffmpeg.standardOutput = output
        try ffmpeg.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        let known = lines.filter { $0.count > 1 }.flatMap { $0[1].split(separator: ",") }
        #expect(Containers.names.subtracting(known.map(String.init)) == [])
    }
}

/// Notices who opens some files of a folder, and who connects to a port.
private final class Trap {
    let port: UInt16
    private let listener: Int32
    private let notifier: Int32
    private var names: [Int32: String] = [:]

    init(_ folder: String, _ files: [String]) throws {
        notifier = inotify_init1(Int32(IN_NONBLOCK))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let code = withUnsafeMutableBytes(of: &address) { bytes in
            guard let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                bind(listener, address, size) == 0, listen(listener, 8) == 0
            else { return errno }
            return getsockname(listener, address, &size)
        }
        port = UInt16(bigEndian: address.sin_port)
        for file in files {
            let number = inotify_add_watch(notifier, "\(folder)/\(file)", UInt32(IN_OPEN))
            names[number] = file
        }
        try #require(code == 0 && notifier >= 0 && names.count == files.count)
    }

    deinit {
        close(listener)
        close(notifier)
    }

    /// What was opened since the last look, which this empties.
    func takeSprung() -> Set<String> {
        var found: Set<String> = []
        let client = accept(listener, nil, nil)
        if client >= 0 {
            found.insert("the network")
            close(client)
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(notifier, &buffer, buffer.count)
        var place = 0
        while place < count {
            // inotify_event: watch, mask, cookie, length of a name, of which single files have none.
            let number = buffer[place..<place + 4].reversed().reduce(Int32(0)) {
                $0 << 8 | Int32($1)
            }
            found.insert(names[number] ?? "unknown")
            place += 16 + buffer[place + 12..<place + 16].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        return found
    }

    /// Connects to the port.
    func connect() throws {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        let code = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.map {
                Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            } ?? -1
        }
        try #require(code == 0)
    }
}
