internal import CKernels

/// The one thread pool of the process, shared by convolutions, matrix products and our own passes.
public enum ThreadPool {
    /// The number of threads that kernels use, at least 1.
    public static var threadCount: Int { Int(ck_threads()) }

    /// Sets the number of threads for kernels that start from the calling thread.
    ///
    /// libgomp keeps this setting per calling thread, so it is set on the thread that runs the networks.
    public static func setThreadCount(_ count: Int) {
        ck_set_threads(Int32(clamping: max(1, count)))
    }

    /// Prepares the process for thousands of scans without a network.
    ///
    /// Threads sleep soon while they wait, instead of spinning on cores that others use. Networks see to it themselves.
    public static func prepareForScans() { ck_prepare_process() }

    /// Prepares the process for training: threads spin while they wait for the next of thousands of small passes, and
    /// memory that one step frees stays for the next.
    ///
    /// Not while networks run on other threads.
    /// `OMP_WAIT_POLICY=passive` keeps threads from spinning, on a machine that others use.
    public static func prepareForTraining() { ck_prepare_long_work() }

    /// Runs work that is made of many small pieces: the pool's other threads stay awake until it is done.
    ///
    /// Waking a sleeping thread for each piece takes as long as a small layer. The body runs on the calling
    /// thread; convolutions by oneDNN inside use that thread alone.
    public static func crew<Result>(_ body: () -> Result) -> Result {
        withoutActuallyEscaping(body) { body in
            var result: Result?
            var work = { result = body() }
            withUnsafeMutablePointer(to: &work) {
                ck_crew({ $0?.assumingMemoryBound(to: (() -> Void).self).pointee() }, $0)
            }
            guard let result else { preconditionFailure("a crew returned without its work done") }
            return result
        }
    }
}
