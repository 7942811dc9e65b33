/// Sets that are joined two by two (Tarjan 1975).
struct DisjointSets {
    private var parents: [Int]
    private var sizes: [Int]

    /// Each element in a set of its own.
    init(_ count: Int) {
        parents = Array(0..<count)
        sizes = [Int](repeating: 1, count: count)
    }

    /// The element that stands for the set of another one.
    mutating func root(_ element: Int) -> Int {
        var element = element
        while parents[element] != element {
            parents[element] = parents[parents[element]]
            element = parents[element]
        }
        return element
    }

    /// Whether two elements are in one set.
    mutating func areJoined(_ a: Int, _ b: Int) -> Bool { root(a) == root(b) }

    /// Makes one set of two.
    mutating func join(_ a: Int, _ b: Int) {
        var (large, small) = (root(a), root(b))
        guard large != small else { return }
        if sizes[large] < sizes[small] { swap(&large, &small) }
        parents[small] = large
        sizes[large] += sizes[small]
    }

    /// Sets of at least two elements, each ascending: the largest first, of equal ones that with the least element.
    mutating func groups() -> [[Int]] {
        var members: [Int: [Int]] = [:]
        for element in parents.indices where sizes[root(element)] > 1 {
            members[root(element), default: []].append(element)
        }
        return members.values.sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
    }
}
