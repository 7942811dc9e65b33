internal import CCairo
internal import Glibc

/// A picture that Cairo draws into, with the few shapes that figures are made of.
///
/// Coordinates are pixels of a picture of 128, whatever the real size.
final class Canvas {
    private let surface: OpaquePointer
    private let context: OpaquePointer
    let size: Int

    init(size: Int) {
        self.size = size
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(size), Int32(size))
        context = cairo_create(surface)
        precondition(cairo_status(context) == CAIRO_STATUS_SUCCESS, "no memory for \(size)x\(size)")
        cairo_scale(context, Double(size) / 128, Double(size) / 128)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// Copies the picture as RGB bytes, row by row.
    func copyRGB(into target: UnsafeMutableRawBufferPointer) {
        cairo_surface_flush(surface)
        let stride = Int(cairo_image_surface_get_stride(surface))
        guard let pixels = cairo_image_surface_get_data(surface) else { return }
        for y in 0..<size {
            for x in 0..<size {
                let source = y * stride + 4 * x
                let place = 3 * (y * size + x)
                target[place] = pixels[source + 2]
                target[place + 1] = pixels[source + 1]
                target[place + 2] = pixels[source]
            }
        }
    }

    // MARK: Paths

    func move(_ p: Point) {
        cairo_new_path(context)
        cairo_move_to(context, p.x, p.y)
    }

    func line(_ p: Point) { cairo_line_to(context, p.x, p.y) }

    func curve(_ a: Point, _ b: Point, _ end: Point) {
        cairo_curve_to(context, a.x, a.y, b.x, b.y, end.x, end.y)
    }

    func ellipse(_ center: Point, _ rx: Double, _ ry: Double, angle: Double = 0) {
        cairo_save(context)
        cairo_translate(context, center.x, center.y)
        cairo_rotate(context, angle)
        cairo_scale(context, rx, max(ry, 0.01))
        cairo_new_path(context)
        cairo_arc(context, 0, 0, 1, 0, 2 * .pi)
        cairo_restore(context)
    }

    // MARK: Paint

    func fill(_ color: Color, alpha: Double = 1) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, alpha)
        cairo_fill(context)
    }

    func stroke(_ color: Color, width: Double, alpha: Double = 1) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, alpha)
        cairo_set_line_width(context, width)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        cairo_stroke(context)
    }

    /// Fills with the shading of a round thing lit from the left: across from `a` to `b`.
    func fillRound(_ a: Point, _ b: Point, _ color: Color) {
        fill(
            cairo_pattern_create_linear(a.x, a.y, b.x, b.y),
            [
                (0, color.shaded(0.86)), (0.35, color.shaded(1.06)), (1, color.shaded(0.72)),
            ]
        )
    }

    /// Fills with rings around `light` that end at `radius` around `center`.
    func fillRings(_ light: Point, _ center: Point, _ radius: Double, _ stops: [(Double, Color)]) {
        fill(
            cairo_pattern_create_radial(light.x, light.y, 0, center.x, center.y, radius),
            stops
        )
    }

    private func fill(_ pattern: OpaquePointer?, _ stops: [(Double, Color)]) {
        for (offset, color) in stops {
            cairo_pattern_add_color_stop_rgb(pattern, offset, color.red, color.green, color.blue)
        }
        cairo_set_source(context, pattern)
        cairo_fill(context)
        cairo_pattern_destroy(pattern)
    }

    /// A limb: a capsule whose radius goes from `wide` at `a` to `narrow` at `b`.
    func limb(_ a: Point, _ b: Point, _ wide: Double, _ narrow: Double, _ color: Color) {
        let along = b - a
        let length = max((along.x * along.x + along.y * along.y).squareRoot(), 1e-4)
        var normal = Point(-along.y / length, along.x / length)
        // Light comes from the left, or from above.
        if normal.x > 1e-6 || abs(normal.x) <= 1e-6 && normal.y > 0 { normal = normal * -1 }
        let angle = atan2(along.y, along.x)
        cairo_new_path(context)
        cairo_arc(context, a.x, a.y, wide, angle + .pi / 2, angle + 3 * .pi / 2)
        cairo_arc(context, b.x, b.y, narrow, angle - .pi / 2, angle + .pi / 2)
        cairo_close_path(context)
        let (middle, reach) = (a.toward(b, 0.5), max(wide, narrow))
        fillRound(middle + normal * reach, middle - normal * reach, color)
    }
}
