internal import Foundation
internal import Media
internal import Packs
internal import Tensors

/// A mask in the user's words, made into weights per cell of the latent grid.
///
/// `right-arm` (a region of the pack), `left-half|right-half|top-half|bottom-half|all`, `r0,c0-r1,c1` (cells, both
/// corners inclusive), `mask.png` (grey, white is 1, resized to the grid); each may end in `:weight`, and
/// several are united by their larger weight.
package struct MaskSource {
    package let rows: Int
    package let columns: Int
    package let regions: [String: [[Int]]]

    /// Prepares for a grid and the regions of a pack.
    package init(rows: Int, columns: Int, regions: [String: [[Int]]]) {
        self.rows = rows
        self.columns = columns
        self.regions = regions
    }

    /// Resolves and unites masks.
    ///
    /// - Throws: `RequestError` if one is of no known kind, or no cell is left.
    package func weights(_ masks: [String]) throws -> [[Double]] {
        guard !masks.isEmpty else { throw RequestError("--blend needs a --mask that says where") }
        var united = [Double](repeating: 0, count: rows * columns)
        for mask in masks {
            for (index, weight) in try weights(mask).enumerated() {
                united[index] = max(united[index], weight)
            }
        }
        guard united.contains(where: { $0 > 0 }) else {
            throw RequestError(
                "mask \"\(masks.joined(separator: ", "))\" is zero everywhere: it selects nothing; a picture is white where it counts"
            )
        }
        return (0..<rows).map { Array(united[$0 * columns..<($0 + 1) * columns]) }
    }

    private func weights(_ text: String) throws -> [Double] {
        let (name, weight) = try split(text)
        return try shape(name).map { $0 * weight }
    }

    /// Takes `:weight` off the end.
    private func split(_ text: String) throws -> (String, Double) {
        guard let colon = text.lastIndex(of: ":") else { return (text, 1) }
        let tail = text[text.index(after: colon)...]
        guard let weight = Double(tail) else {
            throw RequestError("mask \"\(text)\": \"\(tail)\" is no weight; write one in 0...1")
        }
        guard weight.isFinite, (0...1).contains(weight) else {
            throw RequestError("mask \"\(text)\": the weight \(tail) lies outside 0...1")
        }
        return (String(text[..<colon]), weight)
    }

    private func shape(_ name: String) throws -> [Double] {
        if let cells = regions[name] {
            var shape = [Double](repeating: 0, count: rows * columns)
            for cell in cells { shape[cell[0] * columns + cell[1]] = 1 }
            return shape
        }
        let middle = (row: rows / 2, column: columns / 2)
        switch name {
        case "all": return filled(0..<rows, 0..<columns)
        case "left-half": return filled(0..<rows, 0..<middle.column)
        case "right-half": return filled(0..<rows, middle.column..<columns)
        case "top-half": return filled(0..<middle.row, 0..<columns)
        case "bottom-half": return filled(middle.row..<rows, 0..<columns)
        default: break
        }
        if let cells = try cells(name) { return cells }
        if FileManager.default.fileExists(atPath: name) { return try picture(name) }
        let known =
            (regions.keys.sorted() + ["left-half", "right-half", "top-half", "bottom-half"])
            .joined(separator: ", ")
        throw RequestError(
            "mask \"\(name)\" is neither a region of the pack (\(known)), nor cells such as "
                + "0,0-3,2, nor a readable picture"
        )
    }

    private func filled(_ rowRange: Range<Int>, _ columnRange: Range<Int>) -> [Double] {
        (0..<rows * columns).map { index in
            let inside =
                rowRange.contains(index / columns) && columnRange.contains(index % columns)
            return inside ? 1 : 0
        }
    }

    /// `r0,c0-r1,c1` or `r,c`, nil if the text has another form.
    private func cells(_ text: String) throws -> [Double]? {
        let corners = text.split(separator: "-", omittingEmptySubsequences: false).map { corner in
            corner.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        }
        guard (1...2).contains(corners.count),
            corners.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0 != nil } })
        else { return nil }
        let numbers = corners.map { $0.compactMap { $0 } }
        let (first, last) = (numbers[0], numbers[numbers.count - 1])
        guard (0..<rows).contains(first[0]), (0..<columns).contains(first[1]),
            (first[0]..<rows).contains(last[0]), (first[1]..<columns).contains(last[1])
        else {
            throw RequestError(
                "mask \"\(text)\" does not lie in the grid: rows 0-\(rows - 1), "
                    + "columns 0-\(columns - 1), first corner above and left of the second"
            )
        }
        return filled(first[0]..<last[0] + 1, first[1]..<last[1] + 1)
    }

    /// A grey picture, averaged over each cell.
    private func picture(_ path: String) throws -> [Double] {
        guard try MediaKind.probe(path) == .stillImage else {
            throw RequestError("mask \"\(path)\" is a film; give a grey picture")
        }
        let image = try StillImage.read(path)
        let isGrey = stride(from: 0, to: image.pixels.count, by: 3).allSatisfy { start in
            let pixel = image.pixels[start..<start + 3].map { Int($0) }
            return (pixel.max() ?? 0) - (pixel.min() ?? 0) <= 8
        }
        guard isGrey else {
            throw RequestError("mask \"\(path)\" has colours; give a grey picture, white for 1")
        }
        return (0..<rows * columns).map { index in
            coverage(of: image, row: index / columns, column: index % columns)
        }
    }

    /// The mean grey of the part of a picture under one cell, pixels on its border by their share.
    ///
    /// Plain area averaging: a mask drawn on the grid's own lines stays sharp.
    private func coverage(of image: RGBImage, row: Int, column: Int) -> Double {
        func shares(_ cell: Int, _ cells: Int, _ pixels: Int) -> [(pixel: Int, share: Double)] {
            let scale = Double(pixels) / Double(cells)
            let (low, high) = (Double(cell) * scale, Double(cell + 1) * scale)
            return (Int(low)..<min(pixels, Int(high.rounded(.up)))).map { pixel in
                (pixel, min(high, Double(pixel + 1)) - max(low, Double(pixel)))
            }
        }
        let columnShares = shares(column, columns, image.width)
        var (sum, area) = (0.0, 0.0)
        for (y, height) in shares(row, rows, image.height) {
            for (x, width) in columnShares {
                sum += height * width * Double(image[x, y].x)
                area += height * width
            }
        }
        return area > 0 ? min(1, sum / area / 255) : 0
    }
}
