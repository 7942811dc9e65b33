internal import Foundation
internal import Hashing
package import Media

/// A rectangle of the upright frame that is used instead of all of it.
public struct FrameBox: Codable, Sendable, Hashable {
    /// Its first column.
    public var x: Int
    /// Its first row.
    public var y: Int
    /// Its columns.
    public var width: Int
    /// Its rows.
    public var height: Int

    /// Makes a rectangle; it may reach beyond the frame, whose border is repeated there.
    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The numbers with commas between them.
    package var text: String { "\(x),\(y),\(width),\(height)" }

    /// The part of a picture; nil if the rectangle does not touch it, or is over 16 times its size.
    package func crop(_ image: RGBImage) -> RGBImage? {
        let (right, bottom) = (min(x + width, image.width), min(y + height, image.height))
        let (left, top) = (max(0, x), max(0, y))
        guard right > left, bottom > top, width <= 4 * image.width, height <= 4 * image.height
        else { return nil }
        let inside = image.cropped(x: left, y: top, width: right - left, height: bottom - top)
        guard inside.width < width || inside.height < height else { return inside }
        return inside.paddedByEdge(
            left: left - x,
            top: top - y,
            right: x + width - right,
            bottom: y + height - bottom
        )
    }
}

/// A box and the seconds of the file in which it holds.
public struct TimedBox: Codable, Sendable, Hashable {
    /// The rectangle.
    public var box: FrameBox
    /// The first second.
    public var start: Double
    /// The second where it ends; infinity for the file's end.
    public var end: Double

    /// The largest coordinate of a box.
    private static let limit = 100_000

    /// Refuses what is no rectangle or no range.
    func validate(_ file: String) throws {
        let (numbers, limit) = ([box.x, box.y, box.width, box.height], Self.limit)
        guard numbers.allSatisfy({ -limit...limit ~= $0 }), box.width > 0, box.height > 0 else {
            throw RequestError(
                "the box \(box.text) of \"\(file)\" is no rectangle: give x,y,width,height in pixels, up "
                    + "to \(limit)"
            )
        }
        guard start.isFinite, start >= 0, end > start else {
            throw RequestError(
                "the box \(box.text) of \"\(file)\" holds from \(start) s to \(end) s; give a start from "
                    + "0 up and an end behind it"
            )
        }
    }

    /// Makes a box that holds for a part of a file, or for all of it.
    public init(_ box: FrameBox, start: Double = 0, end: Double = .infinity) {
        (self.box, self.start, self.end) = (box, start, end)
    }
}

/// Which part of the frames of one file is used.
package struct FrameCrop: Sendable {
    /// The pack's box in fractions of the frame; boxes of the file win over it.
    private let fractions: [Double]?
    private let boxes: [TimedBox]?

    package init(fractions: [Double]?, boxes: [TimedBox]?) {
        (self.fractions, self.boxes) = (fractions, boxes)
    }

    /// The boxes of the observed frames; nil if the file has none of its own.
    ///
    /// - Throws: `RequestError` if a frame has none.
    package func boxes(of plan: ClipPlan) throws -> [FrameBox]? {
        guard let boxes else { return nil }
        return try plan.observed.map { seconds in
            // Containers round times: half a millisecond belongs to either side.
            let slack = 0.000_5
            let fitting = boxes.filter { $0.start - slack <= seconds && seconds < $0.end - slack }
            guard let found = fitting.last else {
                throw RequestError(
                    "no box covers \((seconds * 1000).rounded() / 1000) s of it; give boxes for all of "
                        + "it, or name the covered part with --start and --end"
                )
            }
            return found.box
        }
    }

    /// Whether all of a frame is used that has this box of its own.
    package func usesAll(_ box: FrameBox?) -> Bool { box == nil && fractions == nil }

    /// A frame's used part.
    ///
    /// - Throws: `RequestError` if its box lies outside.
    package func callAsFunction(_ image: RGBImage, _ box: FrameBox?) throws -> RGBImage {
        guard let box = box ?? fractions.map({ Self.box($0, of: image) }) else { return image }
        guard let part = box.crop(image) else {
            throw RequestError(
                "the box \(box.text) does not fit the frame of \(image.width)x\(image.height); boxes are "
                    + "x,y,width,height in pixels of the upright frame"
            )
        }
        return part
    }

    private static func box(_ fractions: [Double], of image: RGBImage) -> FrameBox {
        func pixel(_ fraction: Double, _ count: Int) -> Int {
            min(count, Int((fraction * Double(count)).rounded()))
        }
        let (left, top) = (pixel(fractions[0], image.width), pixel(fractions[1], image.height))
        let right = pixel(fractions[0] + fractions[2], image.width)
        let bottom = pixel(fractions[1] + fractions[3], image.height)
        let (x, y) = (min(left, image.width - 1), min(top, image.height - 1))
        return FrameBox(x: x, y: y, width: max(1, right - x), height: max(1, bottom - y))
    }

    /// What the boxes of a clip add to its settings: other boxes make another clip.
    package static func settings(_ boxes: [FrameBox]?) -> String {
        guard let boxes, let first = boxes.first else { return "" }
        guard boxes.contains(where: { $0 != first }) else { return " box=\(first.text)" }
        let all = boxes.map(\.text).joined(separator: ";")
        return " boxes=\(SHA256.digest(Data(all.utf8)).hex)"
    }
}
