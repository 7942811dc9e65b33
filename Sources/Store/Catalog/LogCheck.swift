import Glibc

/// The check of catalog.sqlite-wal before SQLite reads it.
///
/// SQLite takes the frames of its write-ahead log up to the first whose checksum is wrong, and drops
/// the others without a word: after a crash they are a commit that did not end. If a commit does
/// end behind the wrong frame, bytes changed on the disk, and what was reported as stored would
/// vanish. Or a process died with a commit in the log that no index of the log knew yet: the next one, with others
/// there, wrote over a part of it. Only the count of commits tells the two apart (`LogOrigin`).
/// Source: sqlite.org/fileformat2.html, section 4 (the WAL file).
struct LogCheck {
    private static let headerByteCount = 32
    private static let frameHeaderByteCount = 24

    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private let pageSize: Int

    /// Reads the log of a catalogue; in none, or an empty one, is nothing.
    ///
    /// A writer may begin the log anew while it is read, which looks like damage: then it is to be read again.
    ///
    /// - Parameter path: The log.
    /// - Returns: The commits that SQLite finds in it.
    static func commits(in path: String) -> Commits { LogCheck(path)?.commits() ?? Commits() }

    /// Commits in a log, as the pages that each wrote.
    struct Commits {
        fileprivate var pages: [Set<UInt32>] = []
        /// What is wrong behind them, as the end of a sentence, or nil.
        fileprivate(set) var fault: String?

        var count: Int { pages.count }

        /// How many of them wrote one of some pages.
        func count(writing wanted: Set<UInt32>) -> Int {
            pages.count { !$0.isDisjoint(with: wanted) }
        }
    }

    private init?(_ path: String) {
        let size = fileByteCount(path)
        guard size >= Self.headerByteCount + Self.frameHeaderByteCount else { return nil }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(file, &bytes, size, 0)
        guard count >= Self.headerByteCount else { return nil }
        self.bytes = Array(bytes[..<count])
        isBigEndian = bytes[3] & 1 == 1
        let size32 = Int(Self.big(self.bytes, 8))
        pageSize = size32 == 1 ? 65_536 : size32
    }

    private func commits() -> Commits {
        var commits = Commits()
        guard [0x377F_0682, 0x377F_0683].contains(Self.big(bytes, 0)),
            (512...65_536).contains(pageSize)
        else {
            if hasFrames { commits.fault = "has a header that is not one of SQLite" }
            return commits
        }
        var sum = checksum(0..<24, (0, 0))
        guard sum == (Self.big(bytes, 24), Self.big(bytes, 28)) else {
            commits.fault = "has a header that does not match its checksum"
            return commits
        }
        var pages: Set<UInt32> = []
        let salts = Array(bytes[16..<24])
        let stride = Self.frameHeaderByteCount + pageSize
        var wrong: Int?
        for (index, start) in Swift.stride(
            from: Self.headerByteCount,
            through: bytes.count - stride,
            by: stride
        ).enumerated() {
            let isOfThisLog = bytes[start + 8..<start + 16].elementsEqual(salts)
            let endsCommit = Self.big(bytes, start + 4) != 0
            if let wrong {
                // Frames of an earlier log have other salts.
                guard isOfThisLog, endsCommit else { continue }
                let place = Self.headerByteCount + wrong * stride
                commits.fault =
                    "has a damaged frame \(wrong) at byte \(place), and a commit ends in frame \(index)"
                return commits
            }
            sum = checksum(start..<start + 8, sum)
            sum = checksum(start + 24..<start + stride, sum)
            let isWhole =
                isOfThisLog && sum == (Self.big(bytes, start + 16), Self.big(bytes, start + 20))
            if isWhole {
                pages.insert(Self.big(bytes, start))
                if endsCommit {
                    commits.pages.append(pages)
                    pages = []
                }
                continue
            }
            wrong = index
            // A wrong frame with the right salts that ends a commit itself is damage, too, if it is
            // whole in the file: a commit that did not end leaves its last frame unwritten.
            if isOfThisLog, endsCommit {
                commits.fault = "has a damaged frame \(index) at byte \(start), which ends a commit"
                return commits
            }
        }
        return commits
    }

    /// Whether anything but zeros is in it.
    private var hasFrames: Bool { bytes.contains { $0 != 0 } }

    /// Continues the checksum of SQLite's logs over a multiple of eight bytes.
    private func checksum(_ range: Range<Int>, _ start: (UInt32, UInt32)) -> (UInt32, UInt32) {
        bytes.withUnsafeBytes { raw in
            var (first, second) = start
            for offset in Swift.stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                let words = (
                    raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self),
                    raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                )
                first &+= (isBigEndian ? words.0.bigEndian : words.0.littleEndian) &+ second
                second &+= (isBigEndian ? words.1.bigEndian : words.1.littleEndian) &+ first
            }
            return (first, second)
        }
    }

    private static func big(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes.withUnsafeBytes {
            UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }
}
