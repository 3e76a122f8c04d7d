
/* The other side of a frame whose one side becomes `to`: rounded to whole pixels, halves up. */
static int $other_side(int to, int side, int other)
{
    const int rounded = (int)(((int64_t)to * other + side / 2) / side);
    return rounded > 1 ? rounded : 1;
}
