internal import Foundation

/// A number that changes with the step.
public struct Schedule: Sendable, Codable, Hashable {
    /// How it goes from the first to the last value.
    public enum Shape: String, Sendable, Codable {
        /// The first value throughout.
        case constant
        /// On a line.
        case linear
        /// Half a cosine.
        case cosine
    }

    /// The value at the end of the warm-up.
    public var first: Double
    /// The value at the end of the change; the first if nil.
    public var last: Double?
    /// The way between; constant if nil.
    public var shape: Shape?
    /// Steps during which it is `beforeWarmUp`, or rises to the first value from 0 if that is nil; 0 if nil.
    public var warmUp: Int?
    /// The value during the warm-up.
    public var beforeWarmUp: Double?
    /// The step at which the last value is reached; the end of the run if nil.
    public var end: Int?

    /// Collects the numbers.
    public init(
        _ first: Double,
        to last: Double? = nil,
        shape: Shape? = nil,
        warmUp: Int? = nil,
        beforeWarmUp: Double? = nil,
        end: Int? = nil
    ) {
        self.first = first
        self.last = last
        self.shape = shape
        self.warmUp = warmUp
        self.beforeWarmUp = beforeWarmUp
        self.end = end
    }

    /// The value at a step, counted from 0, of a run of `total` steps.
    public func value(at step: Int, of total: Int) -> Double {
        let warmUp = warmUp ?? 0
        if step < warmUp {
            return beforeWarmUp ?? first * Double(step + 1) / Double(warmUp)
        }
        let last = last ?? first
        let length = max((end ?? total) - warmUp, 1)
        let part = min(Double(step - warmUp) / Double(length), 1)
        return switch shape ?? .constant {
        case .constant: first
        case .linear: first + (last - first) * part
        case .cosine: last + (first - last) * (1 + cos(.pi * part)) / 2
        }
    }
}
