-- What pictures are: sizes, kinds and the smaller copies that a worker makes.
-- depends: 0010.search

select 1;
