internal import Kernels

/// Sets how many threads the networks use when they run on the calling thread.
///
/// - Parameter count: At least 1; the number of cores if never set.
public func setThreadCount(_ count: Int) { ThreadPool.setThreadCount(count) }
