import Foundation
import Testing

/// What may not grow with the length of a film; `bench --growth` has the times.
struct GrowthTests {
    /// The most memory that drawing so many seconds took, in MiB.
    private func peak(ofSeconds seconds: Int) throws -> Int {
        let workspace = try Workspace.prepared.get()
        let running = try workspace.start([
            "compose", "--content", "figure00_motion00", "--duration", String(seconds), "-q", "-o",
            "-",
        ])
        var peak = 0
        while let memory = running.peakMemory {
            peak = max(peak, memory)
            usleep(2000)
        }
        #expect(running.outputByteCount == seconds * 25 * 3 * 128 * 128)
        #expect(try running.finish().status == 0)
        return peak >> 20
    }

    @Test func tenTimesTheFramesTakeTheSameMemory() throws {
        // The samples of a short run may miss its peak while other work has the cores.
        let short = max(try peak(ofSeconds: 3), try peak(ofSeconds: 3))
        let long = try peak(ofSeconds: 30)
        // 675 frames more are 33 MB as bytes and 130 MB as numbers.
        #expect(long < short + 16, "75 frames took \(short) MiB, 750 took \(long) MiB")
    }
}
