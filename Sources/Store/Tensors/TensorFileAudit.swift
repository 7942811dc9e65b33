import Glibc

/// The whole of data.mdb, read page by page without liblmdb, which trusts what it reads.
///
/// Walks every tree from its root: pages are of the right kind, at the right depth, with their keys in
/// order and inside the bounds that the branch above gives; no page is used twice, or used and
/// free; the numbers of pages and entries are those that the tree claims. Reads the beginnings of
/// values' pages, not the values. Damage below one page does not end the walk.
struct TensorFileAudit {
    /// Where the value of a record lies in the file.
    struct Place {
        let offset: Int
        let byteCount: Int
    }

    /// What is wrong, with page and byte; at most `faultLimit`, and a last line for the others.
    private(set) var faults: [String] = []
    /// The records that the walk reached.
    private(set) var records: [TensorKey: Place] = [:]
    /// The pages of the file, used, free or neither.
    private(set) var pageCount = 0
    /// The pages that later writes may use again.
    private(set) var freePageCount = 0
    /// Pages that are neither used nor free: lost room, not damage.
    private(set) var lostPageCount = 0

    private static let faultLimit = 20
    private static let depthLimit: UInt16 = 32

    private let file: Int32
    private let pageSize: Int
    private let lastPage: UInt64
    private var unlistedFaultCount = 0
    /// 0 unknown, 1 used, 2 free; one byte a page.
    private var uses: [UInt8]

    /// Walks a file; nil if that commit's meta page was overwritten meanwhile: take a new snapshot.
    ///
    /// - Parameters:
    ///   - path: The file, which passed `TensorFileCheck`.
    ///   - transaction: The commit whose snapshot the caller keeps from being overwritten, or nil for
    ///     the newest of a file that nobody writes to.
    /// - Throws: `StoreError`, `.damaged` if there is no meta page to begin with.
    init?(path: String, transaction: UInt64?) throws(StoreError) {
        do throws(TensorFileFault) {
            try self.init(file: path, transaction)
        } catch {
            throw StoreError(.damaged, "tensors \"\(path)\": \(error.rule)")
        }
    }

    private init?(file path: String, _ transaction: UInt64?) throws(TensorFileFault) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw TensorFileFault("cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        self.file = file
        let first = TensorFileMeta(try TensorFilePage(file, at: 0, count: 512))
        guard (512...65_536).contains(first.pageSize) else {
            throw TensorFileFault("the first meta page claims pages of \(first.pageSize) bytes")
        }
        let second = TensorFileMeta(try TensorFilePage(file, at: first.pageSize, count: 512))
        let metas = [first, second].sorted { $0.transaction > $1.transaction }
        let wanted = transaction ?? metas[0].transaction
        guard let meta = metas.first(where: { $0.transaction == wanted }) else { return nil }
        guard meta.lastPage < UInt64(fileByteCount(path) / first.pageSize) else {
            throw TensorFileFault("the file was cut short")
        }
        pageSize = first.pageSize
        lastPage = meta.lastPage
        pageCount = Int(lastPage) + 1
        uses = [UInt8](repeating: 0, count: pageCount)
        uses[0] = 1
        uses[1] = 1
        walk(meta)
        lostPageCount = uses.count { $0 == 0 }
        if unlistedFaultCount > 0 { faults.append("and \(unlistedFaultCount) more") }
    }

    private mutating func walk(_ meta: TensorFileMeta) {
        var names: [(name: String, tree: TensorFileTree)] = []
        walk(meta.main, "names", .bytes) { audit, key, node, page in
            guard page.word16(node + 4) == TensorFileTree.nodeFlag,
                Int(page.word32(node)) == TensorFileTree.byteCount,
                node + 8 + key.count + TensorFileTree.byteCount <= page.count
            else {
                audit.report(page.number, "names something else than a tree")
                return
            }
            let tree = TensorFileTree(page, at: node + 8 + key.count)
            names.append((String(decoding: key, as: UTF8.self), tree))
        }
        for (name, tree) in names {
            walk(tree, name, .bytes) { audit, key, node, page in
                guard let place = audit.place(key, node, page), name == "records" else { return }
                guard let key = TensorKey(key) else {
                    audit.report(page.number, "has a key of \(key.count) bytes")
                    return
                }
                audit.records[key] = place
            }
        }
        walkFreePages(meta.free)
    }

    /// Marks the pages that the tree of free pages lists.
    private mutating func walkFreePages(_ tree: TensorFileTree) {
        var lists: [(page: UInt64, place: Place)] = []
        walk(tree, "free pages", .numbers) { audit, key, node, page in
            guard key.count == 8 else {
                audit.report(page.number, "has a key of \(key.count) bytes among the free pages")
                return
            }
            if let place = audit.place(key, node, page) { lists.append((page.number, place)) }
        }
        for (page, place) in lists {
            guard place.byteCount % 8 == 0, place.byteCount >= 8,
                let words = words(place), words[0] == UInt64(words.count - 1)
            else {
                report(page, "has a list of free pages that does not fit its length")
                continue
            }
            for free in words.dropFirst() {
                guard mark(free, as: 2) else {
                    report(page, "lists page \(free) as free, which \(fault(of: free))")
                    continue
                }
                freePageCount += 1
            }
        }
    }

    private func words(_ place: Place) -> [UInt64]? {
        var words = [UInt64](repeating: 0, count: place.byteCount / 8)
        let count = pread(file, &words, place.byteCount, off_t(place.offset))
        return count == place.byteCount ? words.map { UInt64(littleEndian: $0) } : nil
    }
}

extension TensorFileAudit {
    /// How the keys of a tree are ordered.
    private enum Order {
        case bytes, numbers

        func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            switch self {
            case .bytes: left.lexicographicallyPrecedes(right)
            case .numbers: number(left) < number(right)
            }
        }

        private func number(_ key: [UInt8]) -> UInt64 {
            key.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private typealias Visit = (inout TensorFileAudit, [UInt8], Int, TensorFilePage) -> Void

    /// The pages and entries of one tree, counted.
    private struct Count {
        var branches: UInt64 = 0
        var leaves: UInt64 = 0
        var overflows: UInt64 = 0
        var entries: UInt64 = 0
    }

    private mutating func walk(
        _ tree: TensorFileTree,
        _ name: String,
        _ order: Order,
        _ visit: Visit
    ) {
        guard tree.root != TensorFileTree.none else {
            if tree.entryCount != 0 { faults.append("the tree of \(name) has entries and no root") }
            return
        }
        guard (1...Self.depthLimit).contains(tree.depth) else {
            faults.append("the tree of \(name) claims \(tree.depth) levels")
            return
        }
        var count = Count()
        let before = faults.count + unlistedFaultCount
        walk(tree.root, Int(tree.depth), nil, nil, &count, order, visit)
        // Below a damaged page the counts cannot fit.
        guard faults.count + unlistedFaultCount == before else { return }
        let claims = [
            ("branches", tree.branchPageCount, count.branches),
            ("leaves", tree.leafPageCount, count.leaves),
            ("pages of values", tree.overflowPageCount, count.overflows),
            ("entries", tree.entryCount, count.entries),
        ]
        for (what, claimed, found) in claims where claimed != found {
            faults.append("the tree of \(name) claims \(claimed) \(what) and has \(found)")
        }
    }

    private mutating func walk(
        _ number: UInt64,
        _ depth: Int,
        _ low: [UInt8]?,
        _ high: [UInt8]?,
        _ count: inout Count,
        _ order: Order,
        _ visit: Visit
    ) {
        guard mark(number, as: 1) else {
            report(number, "is part of a tree and \(fault(of: number))")
            return
        }
        guard let page = try? TensorFilePage(file, at: Int(number) * pageSize, count: pageSize)
        else { return report(number, "cannot be read") }
        let kind = depth == 1 ? TensorFilePage.Kind.leaf : TensorFilePage.Kind.branch
        guard page.number == number, page.flags == kind, let nodes = page.nodes, !nodes.isEmpty
        else { return report(number, "is not a \(depth == 1 ? "leaf" : "branch") page of a tree") }
        if depth == 1 { count.leaves += 1 } else { count.branches += 1 }
        // The first key of a branch stands for everything below the second.
        let keys = nodes.enumerated().map { index, node in
            depth > 1 && index == 0 ? low : page.key(of: node)
        }
        for (index, key) in keys.enumerated() {
            guard let key else { continue }
            let previous = index > 0 ? keys[index - 1] : nil
            let follows =
                previous.map { order.precedes($0, key) } ?? low.map { !order.precedes(key, $0) }
                ?? true
            guard follows, high.map({ order.precedes(key, $0) }) ?? true else {
                report(number, "has a key out of order")
                return
            }
        }
        for (index, node) in nodes.enumerated() {
            if depth > 1 {
                let next = index + 1 < keys.count ? keys[index + 1] : high
                walk(page.child(of: node), depth - 1, keys[index], next, &count, order, visit)
            } else {
                count.entries += 1
                let value = page.value(of: node, pageSize: pageSize)
                count.overflows += UInt64(value?.pageCount(pageSize: pageSize) ?? 0)
                visit(&self, page.key(of: node), node, page)
            }
        }
    }

    /// Where a leaf's value lies; marks the pages that it has for itself.
    private mutating func place(_ key: [UInt8], _ node: Int, _ page: TensorFilePage) -> Place? {
        guard let value = page.value(of: node, pageSize: pageSize) else {
            report(page.number, "has a value that reaches beyond it")
            return nil
        }
        guard let first = value.overflowPage else {
            return Place(
                offset: Int(page.number) * pageSize + value.offset,
                byteCount: value.byteCount
            )
        }
        let count = value.pageCount(pageSize: pageSize)
        guard first <= lastPage, UInt64(count) <= lastPage - first + 1 else {
            report(
                page.number,
                "names values in pages \(first) and on, beyond the last \(lastPage)"
            )
            return nil
        }
        let head = try? TensorFilePage(
            file,
            at: Int(first) * pageSize,
            count: TensorFilePage.headerByteCount
        )
        guard let head, head.number == first, head.flags == TensorFilePage.Kind.overflow,
            Int(head.word32(12)) == count
        else {
            report(first, "is not the first of \(count) pages of a value")
            return nil
        }
        for number in first..<first + UInt64(count) where !mark(number, as: 1) {
            report(number, "holds a value and \(fault(of: number))")
            return nil
        }
        return Place(offset: value.offset, byteCount: value.byteCount)
    }

    /// Claims a page for one use.
    private mutating func mark(_ number: UInt64, as use: UInt8) -> Bool {
        guard number >= 2, number <= lastPage, uses[Int(number)] == 0 else { return false }
        uses[Int(number)] = use
        return true
    }

    /// Why a page could not be claimed.
    private func fault(of number: UInt64) -> String {
        guard number >= 2, number <= lastPage else {
            return "cannot be: pages are 2 to \(lastPage)"
        }
        return uses[Int(number)] == 1 ? "is in use elsewhere" : "is free"
    }

    private mutating func report(_ page: UInt64, _ rule: String) {
        guard faults.count < Self.faultLimit else {
            unlistedFaultCount += 1
            return
        }
        let byte = page <= lastPage ? " (byte \(page * UInt64(pageSize)))" : ""
        faults.append("page \(page)\(byte) \(rule)")
    }
}
