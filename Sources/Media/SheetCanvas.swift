import CCairo

/// A page that words are written on, with cairo's built-in sans-serif text.
final class SheetCanvas {
    /// The kinds of words on a sheet.
    enum Style {
        case title
        case label
        case caption
    }

    private let surface: OpaquePointer?
    private let context: OpaquePointer?

    /// Makes a near-white page.
    init(width: Int, height: Int) throws(MediaError) {
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
        context = cairo_create(surface)
        guard cairo_status(context) == CAIRO_STATUS_SUCCESS else {
            throw MediaError(
                .unsupportedFormat,
                path: "contact sheet",
                "no memory for \(width)x\(height) pixels"
            )
        }
        cairo_set_source_rgb(context, 0.98, 0.98, 0.975)
        cairo_paint(context)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// The width of a line in pixels.
    static func width(of words: String, _ style: Style) -> Double {
        guard let canvas = try? SheetCanvas(width: 1, height: 1) else { return 0 }
        return canvas.width(of: words, style)
    }

    /// Writes a line, cut with an ellipsis at a width.
    func write(
        _ words: String,
        _ style: Style,
        x: Int,
        baseline: Int,
        width: Int,
        isCentered: Bool = false
    ) {
        let shown = cut(words, style, width: width)
        let spare = isCentered ? (Double(width) - self.width(of: shown, style)) / 2 : 0
        cairo_move_to(context, Double(x) + max(0, spare.rounded()), Double(baseline))
        cairo_show_text(context, shown)
    }

    /// Breaks a label into at most so many lines, between words where it can.
    func wrap(_ words: String, _ style: Style, width: Int, lines limit: Int) -> [String] {
        guard self.width(of: words, style) > Double(width), limit > 1 else { return [words] }
        var first = ""
        var rest = words.split(separator: " ")[...]
        while let word = rest.first {
            let longer = first.isEmpty ? String(word) : "\(first) \(word)"
            guard first.isEmpty || self.width(of: longer, style) <= Double(width) else { break }
            first = longer
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return [first] }
        let others = wrap(rest.joined(separator: " "), style, width: width, lines: limit - 1)
        return [first] + others
    }

    /// The page as a picture.
    func image() -> RGBImage {
        cairo_surface_flush(surface)
        let width = Int(cairo_image_surface_get_width(surface))
        let height = Int(cairo_image_surface_get_height(surface))
        let stride = Int(cairo_image_surface_get_stride(surface))
        guard let data = cairo_image_surface_get_data(surface) else {
            return RGBImage(width: width, height: height, red: 255, green: 255, blue: 255)
        }
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { out, count in
            for y in 0..<height {
                for x in 0..<width {
                    // Native 32-bit words 0x00RRGGBB.
                    let word = UnsafeRawPointer(data + y * stride + 4 * x).load(as: UInt32.self)
                    let to = 3 * (y * width + x)
                    out.initializeElement(at: to, to: UInt8(word >> 16 & 255))
                    out.initializeElement(at: to + 1, to: UInt8(word >> 8 & 255))
                    out.initializeElement(at: to + 2, to: UInt8(word & 255))
                }
            }
            count = 3 * width * height
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    private func cut(_ words: String, _ style: Style, width: Int) -> String {
        if self.width(of: words, style) <= Double(width) { return words }
        var kept = words[...]
        while !kept.isEmpty, self.width(of: "\(kept)\u{2026}", style) > Double(width) {
            kept = kept.dropLast()
        }
        return "\(kept)\u{2026}"
    }

    private func width(of words: String, _ style: Style) -> Double {
        choose(style)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, words, &extents)
        return extents.x_advance
    }

    private func choose(_ style: Style) {
        let weight = style == .title ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
        cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, weight)
        let (size, gray) =
            switch style {
            case .title: (16.0, 0.1)
            case .label: (13.0, 0.2)
            case .caption: (11.0, 0.42)
            }
        cairo_set_font_size(context, size)
        cairo_set_source_rgb(context, gray, gray, gray)
    }
}
