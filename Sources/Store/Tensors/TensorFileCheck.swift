import Glibc

/// The check of data.mdb before liblmdb maps it.
///
/// liblmdb trusts page numbers and offsets that it reads, so a wrong one can crash the process.
/// This check reads at most six pages: both meta pages, and the roots of the trees that the newer
/// one names (free pages, names, and by names `records` and `library`). It finds another or a
/// newer format, a file cut short, numbers that no LMDB would write, and roots that are no tree
/// pages. It does not read the pages below the roots, nor the list of free pages: that would be
/// the whole tree, and a wrong byte there can still crash liblmdb. Numbers of records need no such
/// care, as every read compares a checksum.
///
/// Source: the page layout of LMDB 0.9 on 64-bit little-endian machines (`MDB_meta`, `MDB_db`,
/// `MDB_page` and `MDB_node` in mdb.c).
struct TensorFileCheck {
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let version: UInt32 = 1
    /// The size of a cursor's stack, so the greatest depth of a tree.
    private static let depthLimit: UInt16 = 32

    private let file: Int32
    private let byteCount: Int

    /// Checks a file.
    ///
    /// Another process may commit between two reads of this one, and then they do not fit; so what
    /// fails is tried again from the start.
    ///
    /// - Throws: `StoreError`: `.damaged` or `.newerFormat`.
    static func run(_ path: String) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw StoreError.system(errno, "open", path) }
        defer { close(file) }
        var fault: TensorFileFault?
        for attempt in 0..<5 {
            if attempt > 0 { usleep(2000) }
            do throws(TensorFileFault) {
                try TensorFileCheck(file: file, byteCount: fileByteCount(path)).check()
                return
            } catch { fault = error }
        }
        guard let fault else { return }
        throw fault.isForeignVersion
            ? StoreError(.newerFormat, "tensors \"\(path)\": \(fault.rule); upgrade vsdb")
            : StoreError(
                .damaged,
                "tensors \"\(path)\": \(fault.rule); mend it with vsdb repair, or restore the library from a backup"
            )
    }

    private func check() throws(TensorFileFault) {
        let first = try TensorFilePage(file, at: 0, count: 4096)
        try checkMark(first)
        let pageSize = Int(first.word32(TensorFileMeta.offset + 24))
        guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0 else {
            throw TensorFileFault("the first meta page claims pages of \(pageSize) bytes")
        }
        let second = try TensorFilePage(file, at: pageSize, count: 512)
        try checkMark(second)
        let metas = [TensorFileMeta(first), TensorFileMeta(second)]
        for (index, meta) in metas.enumerated() where meta.pageSize != pageSize {
            throw TensorFileFault("meta page \(index) claims pages of \(meta.pageSize) bytes")
        }
        // Commits write them in turn.
        let (even, odd) = (metas[0].transaction, metas[1].transaction)
        let isInTurn = even % 2 == 0 && odd % 2 == 1 && (even > odd ? even - odd : odd - even) == 1
        guard isInTurn || (even, odd) == (0, 0) else {
            throw TensorFileFault("the meta pages are of the commits \(even) and \(odd)")
        }
        try check(metas[even < odd ? 1 : 0])
    }

    private func checkMark(_ page: TensorFilePage) throws(TensorFileFault) {
        guard page.flags == TensorFilePage.Kind.meta,
            page.word32(TensorFileMeta.offset) == Self.magic
        else {
            throw TensorFileFault("a meta page is not one of LMDB")
        }
        let version = page.word32(TensorFileMeta.offset + 4)
        guard version == Self.version else {
            throw TensorFileFault(
                "made by another LMDB (version \(version), this vsdb reads \(Self.version))",
                isForeignVersion: true
            )
        }
    }

    private func check(_ meta: TensorFileMeta) throws(TensorFileFault) {
        // Compared without a product, which a wrong number could overflow.
        guard meta.lastPage >= 1, meta.lastPage < UInt64(byteCount / meta.pageSize) else {
            throw TensorFileFault(
                "the file was cut short: it has \(byteCount) bytes and should have "
                    + "\(meta.lastPage) pages of \(meta.pageSize) bytes and one"
            )
        }
        _ = try root(meta.free, "free pages", meta)
        guard let names = try root(meta.main, "names", meta) else { return }
        guard meta.main.depth == 1 else {
            throw TensorFileFault("the tree of names has \(meta.main.depth) levels instead of 1")
        }
        for tree in try subtrees(of: names) { _ = try root(tree, "records", meta) }
    }

    /// The root page of a tree that is not empty.
    private func root(
        _ tree: TensorFileTree,
        _ name: String,
        _ meta: TensorFileMeta
    ) throws(TensorFileFault) -> TensorFilePage? {
        guard tree.root != TensorFileTree.none else {
            guard tree.depth == 0, tree.entryCount == 0 else {
                throw TensorFileFault("the tree of \(name) has \(tree.depth) levels and no root")
            }
            return nil
        }
        guard tree.root >= 2, tree.root <= meta.lastPage, (1...Self.depthLimit).contains(tree.depth)
        else {
            throw TensorFileFault(
                "the tree of \(name) claims \(tree.depth) levels from page \(tree.root) of "
                    + "\(meta.lastPage)"
            )
        }
        // Less than the pages of the file, so the product fits.
        let page = try TensorFilePage(
            file,
            at: Int(tree.root) * meta.pageSize,
            count: meta.pageSize
        )
        let kind = tree.depth == 1 ? TensorFilePage.Kind.leaf : TensorFilePage.Kind.branch
        guard page.number == tree.root, page.flags == kind, page.nodes != nil else {
            throw TensorFileFault("page \(tree.root) is not the root of the tree of \(name)")
        }
        return page
    }

    /// The trees that the leaf of names names.
    private func subtrees(of page: TensorFilePage) throws(TensorFileFault) -> [TensorFileTree] {
        var trees: [TensorFileTree] = []
        for node in page.nodes ?? [] {
            // Size of the value, flags, size of the key, key, value.
            let value = node + 8 + Int(page.word16(node + 6))
            let size = Int(page.word32(node))
            guard page.word16(node + 4) == TensorFileTree.nodeFlag,
                size == TensorFileTree.byteCount,
                value + size <= page.count
            else { throw TensorFileFault("the tree of names holds something else than trees") }
            trees.append(TensorFileTree(page, at: value))
        }
        return trees
    }
}
