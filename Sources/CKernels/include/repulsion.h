// How places of a plane push each other away in t-SNE.
#pragma once
#include <stddef.h>

// Of each of count places, among padded ones (a multiple of 16; those that fill up lie so far away that they push nobody):
// with q = 1 / (1 + distance^2) to every place, itself too, forces[3 i ...] = sums of q^2 dx, of q^2 dy, and of q.
// Every sum runs in one fixed order, whatever the number of threads.
void ck_repulsion(const float *x, const float *y, size_t count, size_t padded, float *forces);
