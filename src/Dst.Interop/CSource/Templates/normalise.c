
void $normalise(float *image)
{
@STATEMENTS@}
