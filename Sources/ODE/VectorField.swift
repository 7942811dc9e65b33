/// The right-hand side of `dy/dt = f(t, y)`, float64.
public protocol VectorField {
    /// The slope at a time and state; as many elements as the state.
    func slope(at t: Double, _ y: [Double]) -> [Double]
}
