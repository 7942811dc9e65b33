// The functions of Cairo that we call, from a library that is opened by the first call: library_loading.h.
#include "shim.h"

#include <library_loading.h>

static struct vs_library cairo = VS_LIBRARY("cairo", 2);

#define CAIRO(...) VS_FORWARD(cairo, __VA_ARGS__)

CAIRO(cairo_t *, cairo_create, (cairo_surface_t *target), (target))
CAIRO(void, cairo_destroy, (cairo_t *cr), (cr))
CAIRO(cairo_surface_t *, cairo_image_surface_create, (cairo_format_t format, int width, int height), (format,
    width, height))
CAIRO(unsigned char *, cairo_image_surface_get_data, (cairo_surface_t *surface), (surface))
CAIRO(int, cairo_image_surface_get_height, (cairo_surface_t *surface), (surface))
CAIRO(int, cairo_image_surface_get_stride, (cairo_surface_t *surface), (surface))
CAIRO(int, cairo_image_surface_get_width, (cairo_surface_t *surface), (surface))
CAIRO(void, cairo_move_to, (cairo_t *cr, double x, double y), (cr, x, y))
CAIRO(void, cairo_paint, (cairo_t *cr), (cr))
CAIRO(void, cairo_select_font_face, (cairo_t *cr, const char *family, cairo_font_slant_t slant,
    cairo_font_weight_t weight), (cr, family, slant, weight))
CAIRO(void, cairo_set_font_size, (cairo_t *cr, double size), (cr, size))
CAIRO(void, cairo_set_source_rgb, (cairo_t *cr, double red, double green, double blue), (cr, red, green,
    blue))
CAIRO(void, cairo_show_text, (cairo_t *cr, const char *utf8), (cr, utf8))
CAIRO(cairo_status_t, cairo_status, (cairo_t *cr), (cr))
CAIRO(void, cairo_surface_destroy, (cairo_surface_t *surface), (surface))
CAIRO(void, cairo_surface_flush, (cairo_surface_t *surface), (surface))
CAIRO(void, cairo_text_extents, (cairo_t *cr, const char *utf8, cairo_text_extents_t *extents), (cr, utf8,
    extents))
