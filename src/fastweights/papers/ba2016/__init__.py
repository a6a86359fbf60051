"""Ba, Hinton, Mnih, Leibo & Ionescu 2016, Using fast weights to attend to the recent past."""
