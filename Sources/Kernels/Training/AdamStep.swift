/// The numbers of one step of Adam with decoupled weight decay.
///
/// `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
/// `x -= rate m / (root sqrt(v) + eps) + decay x` with `g = scale * gradient`.
/// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019.
public struct AdamStep: Sendable {
    /// What the gradient is multiplied by, for clipping.
    public var scale: Double
    /// How much of the first moment stays.
    public var beta1: Double
    /// How much of the second moment stays.
    public var beta2: Double
    /// The learning rate over the first moment's bias correction.
    public var rate: Double
    /// The inverse root of the second moment's bias correction.
    public var root: Double
    /// Keeps the quotient finite.
    public var eps: Double
    /// The part of x that is taken off.
    public var decay: Double

    /// Collects the numbers.
    public init(
        scale: Double,
        beta1: Double,
        beta2: Double,
        rate: Double,
        root: Double,
        eps: Double,
        decay: Double
    ) {
        self.scale = scale
        self.beta1 = beta1
        self.beta2 = beta2
        self.rate = rate
        self.root = root
        self.eps = eps
        self.decay = decay
    }
}
