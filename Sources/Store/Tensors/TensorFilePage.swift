import Glibc

/// The rule that data.mdb breaks.
struct TensorFileFault: Error {
    let rule: String
    let isForeignVersion: Bool

    init(_ rule: String, isForeignVersion: Bool = false) {
        self.rule = rule
        self.isForeignVersion = isForeignVersion
    }
}

/// What a meta page says after the header of the page.
struct TensorFileMeta {
    static let offset = 16

    let pageSize: Int
    let free: TensorFileTree
    let main: TensorFileTree
    let lastPage: UInt64
    let transaction: UInt64

    init(_ page: TensorFilePage) {
        pageSize = Int(page.word32(Self.offset + 24))
        free = TensorFileTree(page, at: Self.offset + 24)
        main = TensorFileTree(page, at: Self.offset + 72)
        lastPage = page.word64(Self.offset + 120)
        transaction = page.word64(Self.offset + 128)
    }
}

/// What a meta page or a leaf of names says about one tree.
struct TensorFileTree {
    static let byteCount = 48
    /// The root of an empty tree.
    static let none = UInt64.max
    /// The flag of a node that holds a tree.
    static let nodeFlag: UInt16 = 2

    let depth: UInt16
    let branchPageCount: UInt64
    let leafPageCount: UInt64
    let overflowPageCount: UInt64
    let entryCount: UInt64
    let root: UInt64

    init(_ page: TensorFilePage, at offset: Int) {
        depth = page.word16(offset + 6)
        branchPageCount = page.word64(offset + 8)
        leafPageCount = page.word64(offset + 16)
        overflowPageCount = page.word64(offset + 24)
        entryCount = page.word64(offset + 32)
        root = page.word64(offset + 40)
    }
}

/// The bytes of one page, or of its beginning.
struct TensorFilePage {
    enum Kind {
        static let branch: UInt16 = 1
        static let leaf: UInt16 = 2
        static let overflow: UInt16 = 4
        static let meta: UInt16 = 8
    }

    /// The bytes before the nodes of a page, or before the value of an overflow page.
    static let headerByteCount = 16

    private let bytes: [UInt8]

    init(_ file: Int32, at offset: Int, count: Int) throws(TensorFileFault) {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(file, &bytes, count, off_t(offset)) == count else {
            throw TensorFileFault("the file was cut short: byte \(offset) cannot be read")
        }
        self.bytes = bytes
    }

    var count: Int { bytes.count }
    var number: UInt64 { word64(0) }
    var flags: UInt16 { word16(10) }

    /// Where the nodes begin, or nil if one lies outside of their part of the page.
    var nodes: [Int]? {
        let (lower, upper) = (Int(word16(12)), Int(word16(14)))
        guard lower >= 16, lower <= upper, upper <= count, lower % 2 == 0 else { return nil }
        let offsets = stride(from: 16, to: lower, by: 2).map { Int(word16($0)) }
        let fit = offsets.allSatisfy { offset in
            offset >= upper && offset + 8 <= count && offset + 8 + Int(word16(offset + 6)) <= count
        }
        return fit ? offsets : nil
    }

    /// The key of a node, empty in the first node of a branch.
    func key(of node: Int) -> [UInt8] { Array(bytes[node + 8..<node + 8 + Int(word16(node + 6))]) }

    /// The page below a node of a branch.
    func child(of node: Int) -> UInt64 {
        UInt64(word32(node)) | UInt64(word16(node + 4)) << 32
    }

    /// Where the value of a node of a leaf lies, or nil if that is not inside of the file.
    func value(of node: Int, pageSize: Int) -> TensorFileValue? {
        let size = Int(word32(node))
        let start = node + 8 + Int(word16(node + 6))
        guard word16(node + 4) & TensorFileValue.overflowFlag != 0 else {
            guard start + size <= count else { return nil }
            return TensorFileValue(overflowPage: nil, offset: start, byteCount: size)
        }
        guard start + 8 <= count else { return nil }
        let first = word64(start)
        guard first >= 2, first < UInt64(Int.max / pageSize) else { return nil }
        return TensorFileValue(
            overflowPage: first,
            offset: Int(first) * pageSize + Self.headerByteCount,
            byteCount: size
        )
    }

    func bytes(at offset: Int, count: Int) -> ArraySlice<UInt8> { bytes[offset..<offset + count] }

    func word16(_ offset: Int) -> UInt16 { word(offset) }
    func word32(_ offset: Int) -> UInt32 { word(offset) }
    func word64(_ offset: Int) -> UInt64 { word(offset) }

    private func word<Word: FixedWidthInteger>(_ offset: Int) -> Word {
        bytes.withUnsafeBytes {
            Word(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Word.self))
        }
    }
}

/// Where the value of a leaf's node lies.
struct TensorFileValue {
    /// The flag of a node whose value has pages of its own.
    static let overflowFlag: UInt16 = 1

    /// The first of the value's own pages, or nil if it lies in the leaf.
    let overflowPage: UInt64?
    /// In the file if it has pages of its own, else in the leaf's page.
    let offset: Int
    let byteCount: Int

    /// How many pages it fills.
    func pageCount(pageSize: Int) -> Int {
        guard overflowPage != nil else { return 0 }
        return (TensorFilePage.headerByteCount + byteCount + pageSize - 1) / pageSize
    }
}
