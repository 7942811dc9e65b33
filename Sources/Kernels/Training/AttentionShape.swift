/// The sizes of scaled dot-product attention over rows; a head owns `width` neighbouring columns of them.
public struct AttentionShape: Sendable, Hashable {
    /// N.
    public let samples: Int
    /// The number of heads.
    public let heads: Int
    /// Rows that ask, of each sample.
    public let queries: Int
    /// Rows that are asked, of each sample.
    public let keys: Int
    /// The columns of a head.
    public let width: Int
    /// The elements from one row of queries to the next.
    public let queryStep: Int
    /// The elements from one row of keys or values to the next.
    public let keyStep: Int
    /// Whether query i sees keys 0...i only.
    public let isCausal: Bool

    /// Collects the sizes.
    public init(
        samples: Int,
        heads: Int,
        queries: Int,
        keys: Int,
        width: Int,
        queryStep: Int,
        keyStep: Int,
        isCausal: Bool = false
    ) {
        self.samples = samples
        self.heads = heads
        self.queries = queries
        self.keys = keys
        self.width = width
        self.queryStep = queryStep
        self.keyStep = keyStep
        self.isCausal = isCausal
    }

    /// `[N, heads, queries, keys]`.
    public var probabilitiesShape: [Int] { [samples, heads, queries, keys] }
    var scale: Double { 1 / Double(width).squareRoot() }
}
