import Glibc

/// The pages of a tensor file that a long reading touches: they count as memory of the process.
///
/// The system maps the neighbours of a page along with it, so that letting go of single records would not do:
/// all between the first and the last is let go of, now and then. It stays in the memory of the system as long as
/// there is room, and comes back when it is read again.
final class MappedPages {
    private var first = UInt.max
    private var end: UInt = 0
    private var byteCount = 0

    /// Bytes of records after which pages go.
    private static let limit = 8 << 20

    /// Notes a record that was read.
    func note(_ addresses: Range<UInt>) {
        first = min(first, addresses.lowerBound)
        end = max(end, addresses.upperBound)
        byteCount += addresses.count
        if byteCount >= Self.limit { release() }
    }

    private func release() {
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let start = first / page * page
        byteCount = 0
        // All of it lies in the one map of the file, which is read-only: no byte is lost.
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }
}
