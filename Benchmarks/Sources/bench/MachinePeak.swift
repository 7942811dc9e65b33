import CPeak
import Foundation
import Kernels
import Synchronization
import Tensors

/// What all threads of this machine do at most, measured: the scale that kernels are seen on.
struct MachinePeak: Codable {
    /// GFLOP/s of fused multiply-adds.
    let float32: Double
    let float64: Double
    /// The same with pairs of bfloat16; 0 where the processor has no such instruction.
    let bfloat16: Double
    /// GB/s that are read of memory beyond the caches.
    let read: Double

    /// The argument by which the bench asks itself, in a process of its own.
    static let argument = "--measure-peak"

    /// Measures in another process: its memory would count as that of every program started later.
    static func measured() throws -> MachinePeak {
        let child = try ChildProcess(["/proc/self/exe", argument])
        return try JSONDecoder().decode(MachinePeak.self, from: child.output)
    }

    /// Measures for about a second.
    init() {
        float32 = Self.best { _ in pk_float32(20_000_000) }
        float64 = Self.best { _ in pk_float64(20_000_000) }
        bfloat16 = Self.best { _ in pk_bfloat16(20_000_000) }
        let count = 256 << 20
        let threads = ThreadPool.threadCount
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * threads, alignment: 4096)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: count * threads)
        let address = UInt(bitPattern: memory)
        read = Self.best { thread in
            pk_read(UnsafeRawPointer(bitPattern: address + UInt(thread * count)), count)
            return Double(count)
        }
    }

    /// GFLOP/s of a precision.
    func arithmetic(_ precision: Precision) -> Double {
        precision == .bfloat16 ? bfloat16 : float32
    }

    /// The best of five tries of all threads, in units of 10^9 a second.
    ///
    /// - Parameter work: Does what it can on one thread and says how much it was.
    /// - Returns: How much all did together.
    private static func best(_ work: @Sendable (_ thread: Int) -> Double) -> Double {
        (0..<5).map { _ in
            let done = Mutex(0.0)
            let began = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: ThreadPool.threadCount) { thread in
                let amount = work(thread)
                done.withLock { $0 += amount }
            }
            return done.withLock { $0 } / ((ContinuousClock.now - began) / .seconds(1)) / 1e9
        }.max() ?? 0
    }
}
