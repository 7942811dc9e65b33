import Foundation
import Tensors

/// Numbers as people read them.
enum Wording {
    /// Bytes: `512 B`, `4.6 MB`.
    static func bytes(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(count), 0)
        while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1_000, unit + 1) }
        return unit == 0
            ? "\(count) B" : "\(decimal(value, digits: value < 9.95 ? 1 : 0)) \(units[unit])"
    }

    /// Seconds without needless zeros: `2 s`, `1.28 s`.
    static func seconds(_ value: Double) -> String { "\(trimmed(value)) s" }

    /// A range of seconds: `0-2 s`; `still` for an image.
    static func range(_ start: Double, _ end: Double) -> String {
        start == end ? "still" : "\(trimmed(start))-\(trimmed(end)) s"
    }

    /// Minutes and seconds: `0:07`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let total = seconds.isFinite ? Int(min(max(0, seconds.rounded()), 3_600_000)) : 0
        let (hours, minutes) = (total / 3_600, total / 60 % 60)
        let end = String(format: "%02d", total % 60)
        return hours > 0
            ? "\(hours):\(String(format: "%02d", minutes)):\(end)" : "\(minutes):\(end)"
    }

    /// How long ago something was, in its largest unit: `3 min`, `12 days`.
    static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<60: "\(Int(max(0, seconds))) s"
        case ..<3_600: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(min(seconds, 1e11) / 86_400)) days"
        }
    }

    /// A count with its noun: `1 clip`, `2 clips`.
    static func count(_ number: Int, _ noun: String) -> String {
        number.counted(noun)
    }

    /// A number with a fixed count of digits after the point.
    static func decimal(_ value: Double, digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// At most three digits after the point, no zeros at the end.
    static func trimmed(_ value: Double) -> String {
        var text = decimal(value, digits: 3)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text == "-0" ? "0" : text
    }

    /// A shape: `[18, 512]`.
    static func shape(_ extents: [Int]) -> String {
        "[\(extents.map(String.init).joined(separator: ", "))]"
    }
}
