public import Kernels
internal import Tensors

extension Variable {
    /// `[...]` of one or two tensors of one shape, element by element.
    static func mapped(
        _ map: ElementwiseMap,
        _ a: Tensor<Scalar>,
        _ b: Tensor<Scalar>? = nil,
        _ s: Scalar = 1,
        _ t: Scalar = 1
    ) -> Tensor<Scalar> {
        if let b { precondition(a.shape == b.shape, "\(map) of \(a.shape) and \(b.shape)") }
        return .made(a.shape) { y in
            a.scalars.withUnsafeBufferPointer { first in
                guard let start = first.baseAddress else { return }
                guard let b else { return Scalar.map(map, start, nil, s, t, y, count: a.count) }
                b.scalars.withUnsafeBufferPointer {
                    Scalar.map(map, start, $0.baseAddress, s, t, y, count: a.count)
                }
            }
        }
    }

    /// A step of one input whose gradient follows from its value or argument.
    private func step(
        _ forward: ElementwiseMap,
        _ backward: ElementwiseMap,
        s: Scalar = 1,
        t: Scalar = 1,
        keepsValue: Bool = false
    ) -> Variable {
        let value = Self.mapped(forward, self.value, nil, s, t)
        let kept = keepsValue ? value : self.value
        return Variable(value, from: [self]) { gradient in
            self.accumulate(Self.mapped(backward, kept, gradient, s, t))
        }
    }

    /// `first a + second b`.
    public static func sum(
        _ a: Variable,
        _ b: Variable,
        _ first: Scalar = 1,
        _ second: Scalar = 1
    ) -> Variable {
        Variable(mapped(.sum, a.value, b.value, first, second), from: [a, b]) { gradient in
            a.accumulate(first == 1 ? gradient : mapped(.scale, gradient, nil, first, 0))
            b.accumulate(second == 1 ? gradient : mapped(.scale, gradient, nil, second, 0))
        }
    }

    /// The sum of two tensors of one shape.
    public static func + (a: Variable, b: Variable) -> Variable { sum(a, b) }

    /// The difference of two tensors of one shape.
    public static func - (a: Variable, b: Variable) -> Variable { sum(a, b, 1, -1) }

    /// The product of two tensors of one shape, element by element.
    public static func * (a: Variable, b: Variable) -> Variable {
        Variable(mapped(.product, a.value, b.value), from: [a, b]) { gradient in
            a.accumulate(mapped(.product, gradient, b.value))
            b.accumulate(mapped(.product, gradient, a.value))
        }
    }

    /// The quotient of two tensors of one shape, element by element.
    public static func / (a: Variable, b: Variable) -> Variable {
        let value = mapped(.quotient, a.value, b.value)
        return Variable(value, from: [a, b]) { gradient in
            let scaled = mapped(.quotient, gradient, b.value)
            a.accumulate(scaled)
            b.accumulate(mapped(.product, scaled, value, -1))
        }
    }

    /// `factor x + offset`.
    public func scaled(_ factor: Scalar, plus offset: Scalar = 0) -> Variable {
        Variable(Self.mapped(.scale, value, nil, factor, offset), from: [self]) { gradient in
            self.accumulate(Self.mapped(.scale, gradient, nil, factor, 0))
        }
    }

    /// `x^2`.
    public var squared: Variable {
        Variable(Self.mapped(.square, value), from: [self]) { gradient in
            self.accumulate(Self.mapped(.product, gradient, self.value, 2))
        }
    }

    /// `sqrt(x + eps)`.
    public func squareRoot(eps: Scalar = 0) -> Variable {
        let root = Self.mapped(.squareRoot, value, nil, eps)
        return Variable(root, from: [self]) { gradient in
            self.accumulate(
                Self.mapped(.scale, Self.mapped(.quotient, gradient, root), nil, 0.5, 0)
            )
        }
    }

    /// `1 / sqrt(x + eps)`.
    public func inverseRoot(eps: Scalar = 0) -> Variable {
        let inverse = Self.mapped(.inverseRoot, value, nil, eps)
        return Variable(inverse, from: [self]) { gradient in
            let cube = Self.mapped(.product, inverse, Self.mapped(.square, inverse))
            self.accumulate(Self.mapped(.product, gradient, cube, -0.5))
        }
    }

    /// `|x|`; its slope at 0 is 0.
    public var magnitude: Variable { step(.absolute, .absoluteBack) }

    /// `exp(x)`.
    public var exponential: Variable { step(.exponential, .product, keepsValue: true) }

    /// `log(x + eps)`.
    public func logarithm(eps: Scalar = 0) -> Variable {
        Variable(Self.mapped(.logarithm, value, nil, eps), from: [self]) { gradient in
            let shifted = Self.mapped(.scale, self.value, nil, 1, eps)
            self.accumulate(Self.mapped(.quotient, gradient, shifted))
        }
    }

    /// `gain (x < 0 ? slope x : x)`; a slope of 0 is ReLU.
    public func leakyReLU(slope: Scalar, gain: Scalar = 1) -> Variable {
        step(.leaky, .leakyBack, s: slope, t: gain)
    }

    /// `max(x, bound)`.
    public func maximum(_ bound: Scalar) -> Variable { step(.maximum, .maximumBack, s: bound) }

    /// `tanh(x)`.
    public var tanh: Variable { step(.tanh, .tanhBack, keepsValue: true) }

    /// `1 / (1 + exp(-x))`.
    public var sigmoid: Variable { step(.sigmoid, .sigmoidBack, keepsValue: true) }

    /// GELU with the error function.
    public var gelu: Variable { step(.gelu, .geluBack) }

    /// OpenAI CLIP's `x sigmoid(1.702 x)`.
    public var quickGELU: Variable { step(.quickGELU, .quickGELUBack) }
}

/// `first a + second b` of tensors that may be large sums of terms.
extension Variable {
    /// The weighted sum of tensors of one shape, in their order.
    public static func combination(_ terms: [(Scalar, Variable)]) -> Variable {
        precondition(!terms.isEmpty, "a combination needs a term")
        var sum = mapped(.scale, terms[0].1.value, nil, terms[0].0, 0)
        for (factor, term) in terms.dropFirst() where factor != 0 {
            sum = mapped(.sum, sum, term.value, 1, factor)
        }
        return Variable(sum, from: terms.map(\.1)) { gradient in
            for (factor, term) in terms where factor != 0 {
                term.accumulate(factor == 1 ? gradient : mapped(.scale, gradient, nil, factor, 0))
            }
        }
    }
}

extension Variable where Scalar == Float {
    /// The same numbers in float64.
    public var widened: Variable<Double> {
        Variable<Double>(Casts.widen(value), from: [self]) { gradient in
            self.accumulate(Casts.narrow(gradient))
        }
    }
}

extension Variable where Scalar == Double {
    /// The same numbers rounded to float32.
    public var narrowed: Variable<Float> {
        Variable<Float>(Casts.narrow(value), from: [self]) { gradient in
            self.accumulate(Casts.widen(gradient))
        }
    }
}
