internal import Glibc

/// An RGB colour; channels in 0...1.
public struct Color: Sendable, Hashable {
    /// Red.
    public var red: Double
    /// Green.
    public var green: Double
    /// Blue.
    public var blue: Double

    init(_ red: Double, _ green: Double, _ blue: Double) {
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// A colour by hue, saturation and value, each in 0...1.
    init(hue: Double, saturation: Double, value: Double) {
        func channel(_ shift: Double) -> Double {
            let k = (shift + hue * 6).truncatingRemainder(dividingBy: 6)
            return value * (1 - saturation * max(0, min(k, 4 - k, 1)))
        }
        self.init(channel(5), channel(3), channel(1))
    }

    /// Red, green and blue in this order.
    public var channels: [Double] { [red, green, blue] }

    /// Darker below 1; above 1 lighter, with a little white.
    func shaded(_ factor: Double) -> Color {
        let white = max(0, factor - 1) * 0.15
        func channel(_ value: Double) -> Double { min(1, value * factor + white) }
        return Color(channel(red), channel(green), channel(blue))
    }

    /// Moves every channel by at most `amount`.
    func jittered(_ amount: Double, _ random: inout Randomness) -> Color {
        func channel(_ value: Double) -> Double {
            min(1, max(0, value + random.uniform(-amount, amount)))
        }
        return Color(channel(red), channel(green), channel(blue))
    }
}

/// A colour of cloth that captions name.
public enum ClothColor: String, CaseIterable, Sendable {
    case red, orange, yellow, green, blue, purple, pink, white, black, gray, brown

    /// The colour without jitter.
    public var color: Color {
        switch self {
        case .red: Color(0.85, 0.12, 0.14)
        case .orange: Color(0.97, 0.53, 0.10)
        case .yellow: Color(0.97, 0.87, 0.20)
        case .green: Color(0.14, 0.58, 0.25)
        case .blue: Color(0.13, 0.32, 0.82)
        case .purple: Color(0.50, 0.18, 0.68)
        case .pink: Color(0.98, 0.58, 0.76)
        case .white: Color(0.96, 0.96, 0.96)
        case .black: Color(0.11, 0.11, 0.13)
        case .gray: Color(0.54, 0.55, 0.58)
        case .brown: Color(0.45, 0.27, 0.14)
        }
    }
}

/// A colour of hair that captions name.
public enum HairColor: String, CaseIterable, Sendable {
    case black, brown, blonde, red, gray

    /// The colour without jitter.
    public var color: Color {
        switch self {
        case .black: Color(0.08, 0.07, 0.09)
        case .brown: Color(0.38, 0.21, 0.10)
        case .blonde: Color(0.94, 0.78, 0.38)
        case .red: Color(0.80, 0.27, 0.08)
        case .gray: Color(0.68, 0.68, 0.74)
        }
    }
}
