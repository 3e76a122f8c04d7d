
void @NAME@_normalise(float *image)
{
@STATEMENTS@}
