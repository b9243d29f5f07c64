-- Undoes 0020.review-authors-and-category-copies.
-- depends: 0022.promotions

drop trigger categories_renew_copies on shop.categories;
drop function shop.renew_category_copies();
drop index shop.categories_image_idx;
alter table shop.categories drop constraint categories_thumbnails_is_object, drop column thumbnails;
drop function shop.author_name(uuid);
