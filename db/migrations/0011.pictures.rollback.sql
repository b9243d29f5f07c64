-- Undoes 0011.pictures.
-- depends: 0010.search

select 1;
