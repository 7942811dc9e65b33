import Foundation
import Glibc
import Store
import StoreWork

/// What it costs to add clips durably, beside what the disk asks for one `fsync`.
enum CommitPrice {
    private static let clipCount = 256

    /// Prints medians, in a library that it makes and deletes.
    static func measure(_ path: String) throws {
        say("fdatasync of 4 KiB: \(milliseconds(try syncPrice(path + "-sync"))) ms")
        for group in [1, 8, 32] {
            defer { try? FileManager.default.removeItem(atPath: path) }
            let library = try Library.create(at: path)
            try library.registerPack(SyntheticClip.pack)
            var prices: [Double] = []
            for start in stride(from: 0, to: clipCount, by: group) {
                let clips = (start..<start + group).map { SyntheticClip.make($0, width: 512) }
                let begin = ContinuousClock.now
                _ = try library.commit(clips)
                prices.append(seconds(since: begin) / Double(group))
            }
            say(
                "\(clipCount) clips in groups of \(group): \(milliseconds(median(prices))) ms a clip"
            )
        }
    }

    private static func syncPrice(_ path: String) throws -> Double {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw POSIXError(.EIO) }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 4096)
        return median(
            (0..<100).map { index in
                pwrite(file, page, page.count, off_t(index * page.count))
                let begin = ContinuousClock.now
                fdatasync(file)
                return seconds(since: begin)
            }
        )
    }

    private static func seconds(since begin: ContinuousClock.Instant) -> Double {
        begin.duration(to: .now) / .seconds(1)
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private static func milliseconds(_ seconds: Double) -> String {
        String(format: "%.3f", seconds * 1000)
    }
}
