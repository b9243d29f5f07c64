-- Undoes 0011.pictures.
-- depends: 0010.search

drop trigger categories_tell_of_another_picture on shop.categories;
drop trigger categories_tell_of_picture on shop.categories;
drop trigger product_images_tell_of_another on shop.product_images;
drop trigger product_images_tell on shop.product_images;
drop function shop.tell_of_picture();
drop function shop.is_upload(text);
alter table shop.categories drop constraint categories_image_is_a_path;
drop index shop.product_images_image_idx;
alter table shop.product_images
  drop constraint product_images_thumbnails_is_object,
  drop constraint product_images_size_is_positive,
  drop column thumbnails,
  drop column height,
  drop column width;
